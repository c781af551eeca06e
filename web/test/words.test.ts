import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { readStanding, type Standing } from "../src/types";
import { describe as wordsFor, isWaiting, readsSame, sentence } from "../src/words";

const now = new Date("2026-11-23T12:00:00Z");

function standing(value: object): Standing {
  const read = readStanding(value);
  assert.ok(read !== null);
  return read;
}

function words(value: object): { short: string; long: string } {
  const { short, long } = wordsFor(standing(value), now, "en-GB");
  return { short, long };
}

describe("a waiting recording", () => {
  it("says its place and what it waits for", () => {
    assert.deepEqual(
      words({ state: "queued", position: 4, queue_length: 7, why: "3 of 3 downloads are running" }),
      { short: "Queued, 4th", long: "It is 4th of 7 in the queue. 3 of 3 downloads are running." },
    );
  });

  it("leaves out a length that contradicts its place", () => {
    assert.equal(
      words({ state: "queued", position: 4, queue_length: 2 }).long,
      "It is 4th in the queue.",
    );
  });

  it("says the time of its retry while it is delayed", () => {
    const { short, long } = words({
      state: "queued",
      why: "the provider answered 503",
      retry_at: "2026-11-23T12:00:40Z",
    });
    assert.equal(short, "Next try in 40 s");
    assert.match(long, /^The provider answered 503\. The next try is at \d\d:\d\d\.$/);
  });

  it("says only that it is queued once the retry is due", () => {
    assert.equal(words({ state: "queued", retry_at: "2026-11-23T11:59:59Z" }).short, "Queued");
  });

  it("says how much has arrived, as far as that is known", () => {
    const short = (progress: object | undefined): string =>
      words({ state: "processing", progress }).short;
    assert.equal(short({ bytes: 60, total: 100, percent: 60 }), "Fetching 60 %");
    assert.equal(short({ bytes: 599, total: 1000 }), "Fetching 59 %");
    assert.equal(short({ bytes: 192_000 }), "Fetching, 192 kB");
    assert.equal(short({ bytes: 0 }), "Fetching");
    assert.equal(short(undefined), "Fetching");
  });
});

describe("a recording that cannot be fetched", () => {
  it("says the cause", () => {
    const cause = { code: "not_audio", detail: "the provider sent an XML error" };
    assert.deepEqual(words({ state: "failed", cause }), {
      short: "Failed",
      long: "The provider sent an XML error.",
    });
    assert.equal(words({ state: "failed", cause: { code: "x9" } }).long, "Cause: x9.");
    assert.equal(words({ state: "failed" }).long, "The recording could not be fetched.");
  });

  it("distinguishes absent from deleted", () => {
    assert.equal(words({ state: "absent" }).short, "No audio");
    assert.equal(words({ state: "deleted" }).short, "Deleted");
  });
});

it("only queued and processing recordings are polled", () => {
  const waiting = [
    "remote",
    "queued",
    "processing",
    "stored",
    "failed",
    "absent",
    "deleted",
  ].filter((state) => isWaiting(standing({ state })));
  assert.deepEqual(waiting, ["queued", "processing"]);
});

it("a different text is news", () => {
  const queued = { state: "queued", position: 4, queue_length: 7 };
  assert.ok(readsSame(standing(queued), standing(queued)));
  assert.ok(!readsSame(standing(queued), standing({ ...queued, position: 3 })));
  assert.ok(
    !readsSame(
      standing({ state: "processing", progress: { bytes: 1 } }),
      standing({ state: "processing", progress: { bytes: 2 } }),
    ),
  );
});

it("fragments become sentences", () => {
  assert.equal(sentence(" the provider is away "), "The provider is away.");
  assert.equal(sentence("Really?"), "Really?");
  assert.equal(sentence(""), "");
});
