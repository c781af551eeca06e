// The check of the words catches the phrases of the wording rules, and leaves plain English alone.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { phrasesIn, violations } from "./words_check.mjs";

const CAUGHT = [
  "/// How often it is looked for recordings that others stored.",
  "/// Told regularly since when, at the latest, every open download is known to be allowed.",
  "// What a deletion of a recording that has a hold is told.",
  "the provider has it no more",
  "An attempt of which nobody heard the end may still have one open",
  "A call or a recording not heard of becomes one.",
  "Of chance in a worker's name, which no other worker may have",
  "Nothing from elsewhere, nothing inline, and nobody's frame around us",
  "The server failed at this. Its log says more.",
  "TEST(Epoch, the_number_of_a_rebuilding_only_grows_and_does_not_fall_behind_the_clock)",
  "what the source has no more",
  "the faults that befall a request",
  "nobody hears of it",
  "it is put off",
  "what came out of it",
  "these, or their like",
  "the provider's look-alike",
  "recordings are looked for whose retention has ended",
];

for (const sentence of CAUGHT) {
  test(`the check catches "${sentence}"`, () => assert.notEqual(phrasesIn(sentence).length, 0));
}

test("a phrase is found across two lines of a comment", () => {
  assert.deepEqual(
    phrasesIn("int a;\n  /// the source has\n  /// no more\n").map(({ line }) => line),
    [2],
  );
});

test("a phrase is found in a literal that is split", () => {
  assert.equal(phrasesIn('"the provider has it "\n    "no more"').length, 1);
});

for (const sentence of [
  "the provider no longer has it",
  "there are no more than three",
  "a list with no more rows",
  "The simulator looks at the clock.",
  "while rebuilding the slots",
  "delay the output of the call",
]) {
  test(`the check allows "${sentence}"`, () => assert.deepEqual(phrasesIn(sentence), []));
}

test("each phrase is reported with file, line and plain words", () => {
  const root = mkdtempSync(join(tmpdir(), "words-"));
  try {
    mkdirSync(join(root, "src/node_modules"), { recursive: true });
    writeFileSync(join(root, "src/a.cpp"), "// fine\n// a look-alike\n");
    writeFileSync(join(root, "src/node_modules/b.js"), "// a look-alike\n");
    assert.deepEqual(violations(root), ['src/a.cpp:2: "look-alike": write "simulator"']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
