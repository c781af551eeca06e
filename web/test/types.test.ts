import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { readCallPage, readProblem, readSession, readStanding } from "../src/types";

const entry = {
  call_sid: "CA1",
  from: "+14155550100",
  to: "+14155550101",
  direction: "inbound",
  started_at: "2026-11-23T12:00:00Z",
  duration: 42,
  recording: { sid: "RE1", state: "queued", position: 2 },
};

function readOne(value: object): ReturnType<typeof readCallPage>["calls"][number] {
  const call = readCallPage({ calls: [value] }).calls[0];
  assert.ok(call !== undefined);
  return call;
}

describe("a page of calls", () => {
  it("reads its entries and the cursor of the next page", () => {
    const page = readCallPage({ calls: [entry], next_cursor: "c2" });
    assert.equal(page.nextCursor, "c2");
    const call = page.calls[0];
    assert.equal(call?.startedAt?.getTime(), Date.UTC(2026, 10, 23, 12));
    assert.equal(call?.recording?.sid, "RE1");
    assert.equal(call?.recording?.position, 2);
  });

  it("reads a call without a recording, without times and with fields of the future", () => {
    const call = readOne({ call_sid: "CA1", recording: null, started_at: null, mood: "good" });
    assert.equal(call.recording, null);
    assert.equal(call.startedAt, null);
    assert.equal(call.direction, "unknown");
  });

  it("names a recording without a SID of its own by its call", () => {
    assert.equal(readOne({ ...entry, recording: { state: "remote" } }).recording?.sid, "CA1");
  });

  it("treats a recording in an unknown state as absent from the call", () => {
    assert.equal(
      readOne({ ...entry, recording: { sid: "RE1", state: "dreaming" } }).recording,
      null,
    );
  });

  it("leaves out entries that are not calls, and survives an answer that is not a page", () => {
    assert.equal(readCallPage({ calls: [entry, 7, null, {}] }).calls.length, 1);
    for (const value of [null, [], "x", { calls: "y" }])
      assert.deepEqual(readCallPage(value).calls, []);
  });

  it("separates a name from the address behind it", () => {
    const from = (text: string): object => readOne({ ...entry, from: text }).from;
    assert.deepEqual(from("Ava Thompson <+1 206-555-0177>"), {
      name: "Ava Thompson",
      address: "+12065550177",
    });
    assert.deepEqual(from('"דנה לוי" <+972501234567>'), {
      name: "דנה לוי",
      address: "+972501234567",
    });
    assert.deepEqual(from("Desk <sip:desk@example.com>"), {
      name: "Desk",
      address: "sip:desk@example.com",
    });
  });

  it("treats markup as text", () => {
    const text = "Ava <img src=x onerror=alert(1)>";
    assert.deepEqual(readOne({ ...entry, from: text }).from, { name: null, address: text });
  });
});

describe("a standing", () => {
  it("is read from the status and from a 202 alike", () => {
    assert.equal(readStanding({ state: "queued" })?.state, "queued");
    assert.equal(readStanding({ status: "processing" })?.state, "processing");
    assert.equal(readStanding({}), null);
    assert.equal(readStanding("queued"), null);
  });

  it("never says more than 100 %", () => {
    assert.equal(
      readStanding({ state: "processing", progress: { bytes: 12, total: 10 } })?.progress?.percent,
      100,
    );
  });

  it("accepts only numbers as numbers, and only times as times", () => {
    const read = readStanding({
      state: "queued",
      position: "4",
      queue_length: -1,
      retry_at: "soon",
    });
    assert.deepEqual([read?.position, read?.queueLength, read?.retryAt], [null, null, null]);
  });
});

it("a problem's cause may be an object or a text", () => {
  assert.equal(readProblem({ cause: { code: "a", detail: "b" } }).cause?.detail, "b");
  assert.equal(readProblem({ cause: "b" }).cause?.detail, "b");
  assert.equal(readProblem({ title: "t" }).cause, null);
});

it("a session of an operator may have no business", () => {
  assert.deepEqual(
    readSession({ business_id: null, operator: true, businesses: ["a", 7], csrf_token: "t" }),
    {
      businessId: null,
      operator: true,
      businesses: ["a"],
      csrfToken: "t",
    },
  );
});
