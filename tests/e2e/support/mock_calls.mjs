/** The calls of the mock server. Names and numbers belong to no real person. */

const kMinuteMs = 60_000;

/** The calls that tests use. Titles are as the page shows them. */
export const kNamedCalls = {
  cold: {
    from: "+14155550142",
    title: "+1 (415) 555-0142",
    state: "remote",
    minutesAgo: 4,
    duration: 63,
  },
  stored: {
    from: "Ava Thompson <+12065550177>",
    title: "Ava Thompson",
    state: "stored",
    minutesAgo: 19,
    duration: 40,
  },
  failed: {
    from: "+442079460018",
    title: "+44 207 946 0018",
    state: "failed",
    minutesAgo: 47,
    duration: 305,
    cause: { code: "unauthorized", detail: "The provider refused the account's credentials (401)" },
  },
  rightToLeft: {
    from: "דנה לוי <+972501234567>",
    title: "דנה לוי",
    state: "remote",
    minutesAgo: 85,
    duration: 128,
  },
  arabic: {
    to: "ليلى حداد <+97145550123>",
    title: "ليلى حداد",
    state: "stored",
    minutesAgo: 160,
    duration: 512,
  },
  markup: {
    from: '<img src=x onerror="alert(1)"><script>alert(2)</script>',
    title: '<img src=x onerror="alert(1)"><script>alert(2)</script>',
    state: "remote",
    minutesAgo: 200,
    duration: 17,
  },
  absent: {
    from: "+13125550119",
    title: "+1 (312) 555-0119",
    state: "absent",
    minutesAgo: 26 * 60,
    duration: 2,
    cause: { code: "too_short", detail: "The provider has no audio: the recording was too short" },
  },
  unrecorded: {
    to: "+61255501234",
    title: "+61 25 550 1234",
    state: null,
    minutesAgo: 27 * 60,
    duration: 0,
  },
  gone: {
    from: "+18085550103",
    title: "+1 (808) 555-0103",
    state: "stored",
    minutesAgo: 28 * 60,
    duration: 75,
  },
};

const kFillers = [
  { from: "Miguel Ortega <+13055550161>" },
  { to: "+13105550127" },
  { from: "+16465550188" },
  { to: "Harbour Dental Clinic <+14165550135>" },
  { from: "anonymous" },
  { from: "Priya Raman <+919845550112>" },
  { to: "sip:frontdesk@example.com" },
];

function sidOf(prefix, number) {
  return prefix + number.toString(16).padStart(32, "0");
}

function makeCall(wanted, number, now) {
  const isOutbound = wanted.to !== undefined;
  const recording =
    wanted.state === null
      ? null
      : {
          sid: sidOf("RE", number),
          state: wanted.state,
          ...(wanted.cause ? { cause: wanted.cause } : {}),
        };
  return {
    call_sid: sidOf("CA", number),
    from: wanted.from ?? "+14155550100",
    to: wanted.to ?? "+14155550100",
    direction: isOutbound ? "outbound" : "inbound",
    started_at: new Date(now - wanted.minutesAgo * kMinuteMs).toISOString(),
    duration: wanted.duration,
    recording,
  };
}

/**
 * The calls of one business, newest first, and the names of the calls that tests use.
 * @param fillers number of ordinary calls after the named ones
 * @param firstNumber first number of the SIDs: no two businesses share one
 */
export function makeCalls(now, fillers, firstNumber) {
  const wanted = Object.values(kNamedCalls);
  for (let number = 0; number < fillers; number += 1) {
    wanted.push({
      ...kFillers[number % kFillers.length],
      state: number % 3 === 0 ? "stored" : "remote",
      minutesAgo: 29 * 60 + number * 97,
      duration: 15 + ((number * 67) % 900),
    });
  }
  const calls = wanted.map((call, index) => makeCall(call, firstNumber + index, now));
  const named = {};
  Object.keys(kNamedCalls).forEach((name, index) => {
    named[name] = {
      title: kNamedCalls[name].title,
      sid: calls[index].recording?.sid ?? calls[index].call_sid,
    };
  });
  return { calls, named };
}
