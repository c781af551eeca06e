import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { ApiFailure } from "../src/api";
import { mediaRefusal, refusalOf } from "../src/refusal";
import { mayPass } from "../src/standings";

function failure(status: number, detail = "", title = ""): ApiFailure {
  return new ApiFailure(status, { title, detail, cause: null }, null);
}

describe("a refusal", () => {
  it("has the server's explanation, or ours where there is none", () => {
    assert.equal(
      refusalOf(failure(424, "the account was refused")).long,
      "The account was refused.",
    );
    assert.equal(refusalOf(failure(424, "", "Not fetched")).long, "Not fetched.");
    assert.equal(refusalOf(failure(424)).long, "The recording could not be fetched.");
  });

  it("offers a remedy where there is one", () => {
    const remedies = [0, 401, 403, 404, 410, 424, 429, 500, 503].map(
      (status) => refusalOf(failure(status)).remedy,
    );
    assert.deepEqual(remedies, [
      "again",
      null,
      null,
      null,
      null,
      "retry",
      "again",
      "again",
      "again",
    ]);
  });

  it("is transient when it may pass", () => {
    const passing = [0, 401, 404, 410, 424, 429, 500, 503].filter((status) =>
      mayPass(failure(status)),
    );
    assert.deepEqual(passing, [0, 429, 500, 503]);
  });
});

it("a broken connection reads differently from broken audio", () => {
  assert.equal(mediaRefusal(2).short, "Interrupted");
  assert.match(mediaRefusal(3).long, /decode/);
  assert.match(mediaRefusal(undefined).long, /could not play/);
});
