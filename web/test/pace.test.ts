import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { kCalmPace, kEagerPace, kTroublePace, nextPause, quickPause, readRetryAfter } from "../src/pace";

describe("nextPause", () => {
  it("grows while nothing changes, up to the limit of the pace", () => {
    for (const pace of [kEagerPace, kCalmPace, kTroublePace]) {
      const pauses = [0, 1, 2, 50].map((unchanged) => nextPause(pace, unchanged, null));
      assert.equal(pauses[0], pace.firstMs);
      assert.ok((pauses[1] ?? 0) > pace.firstMs && (pauses[2] ?? 0) >= (pauses[1] ?? 0));
      assert.equal(pauses[3], pace.longestMs);
    }
  });

  it("is never shorter than the server wants", () => {
    assert.equal(nextPause(kEagerPace, 0, 7000), 7000);
    assert.equal(nextPause(kEagerPace, 0, 0), kEagerPace.firstMs);
  });

  it("takes an absurd request of the server as ten minutes", () => {
    assert.equal(nextPause(kEagerPace, 0, 1e12), 600_000);
  });
});

describe("quickPause", () => {
  it("asks quickly for about two seconds after a press", () => {
    let waited = 0;
    let asked = 0;
    for (let pause = quickPause(0, 1000); pause !== null; pause = quickPause(asked, 1000)) {
      assert.ok(pause <= 300);
      waited += pause;
      asked += 1;
    }
    assert.equal(waited, 2000);
  });

  it("respects a server that wants more than the shortest second", () => {
    assert.notEqual(quickPause(0, null), null);
    assert.equal(quickPause(0, 2000), null);
  });
});

describe("readRetryAfter", () => {
  const now = new Date("2026-11-23T12:00:00Z");

  it("reads seconds and dates", () => {
    assert.equal(readRetryAfter("5", now), 5000);
    assert.equal(readRetryAfter("Mon, 23 Nov 2026 12:00:30 GMT", now), 30_000);
    assert.equal(readRetryAfter("Mon, 23 Nov 2026 11:00:00 GMT", now), 0);
  });

  it("reads nothing from nonsense", () => {
    for (const header of [null, "", "soon", "-5x"]) assert.equal(readRetryAfter(header, now), null);
  });
});
