// The protocol whole keeps its promises, whatever breaks; and without any one of its safeguards it does not.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { describe, search, story } from "./spin.mjs";
import { ENDS, LARGER, LONG, PROPERTIES, WHOLE, WITHOUT } from "./variants.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const scratch = mkdtempSync(join(tmpdir(), "tapedeck-model-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

async function expectToHold(t, variant) {
  const found = await search(variant, scratch);
  t.diagnostic(describe(variant, found));
  assert.equal(found.violated, null, (await story(variant, found.folder)).join("\n"));
  assert.equal(found.errors, 0);
  assert.ok(found.isComplete, "the search was not completed");
  rmSync(found.folder, { recursive: true });
  return found;
}

test(`the whole protocol holds: ${WHOLE.name}`, async (t) => {
  const found = await expectToHold(t, WHOLE);
  // A step that never happens would prove nothing.
  assert.deepEqual(found.unreached, []);
});

for (const variant of [ENDS, LARGER, ...(process.env.TAPEDECK_FULL === "1" ? LONG : [])]) {
  test(`the whole protocol holds: ${variant.name}`, async (t) => {
    await expectToHold(t, variant);
  });
}

for (const variant of WITHOUT) {
  test(`${variant.name}: it is caught when ${variant.missing}`, async (t) => {
    const found = await search(variant, scratch);
    t.diagnostic(describe(variant, found));
    assert.equal(found.violated, variant.violates);
    assert.notDeepEqual(await story(variant, found.folder), [], "there is no story");
    rmSync(found.folder, { recursive: true });
  });
}

test("every property is violated by some variant", () => {
  const violated = new Set(WITHOUT.map((variant) => variant.violates));
  assert.deepEqual(Object.keys(PROPERTIES).filter((property) => !violated.has(property)), []);
});

test("every safeguard of the model is taken away by a variant", () => {
  const files = ["slots.pml", "slot_store.pml", "worker.pml", "world.pml"];
  const text = files.map((file) => readFileSync(join(root, "tests/model", file), "utf8")).join("\n");
  const parameters = ["WORKERS", "LIMIT", "RECORDINGS", "FAULTS", "EXTRAS", "ANONYMOUS_WORKERS"];
  const macros = new Set([...text.matchAll(/^#if(?:n)?def (\w+)/gm)].map((match) => match[1]));
  const safeguards = [...macros].filter((macro) => !parameters.includes(macro));
  assert.deepEqual(safeguards.sort(), WITHOUT.map((variant) => variant.name).sort());
});

// The model takes the order of the deadlines for granted, so it is read off the sources.
test("a worker closes, and the provider notices, before a lease expires", () => {
  const milliseconds = (file, name) => {
    const match = readFileSync(join(root, file), "utf8").match(new RegExp(`${name}\\{([\\d']+)\\}`));
    assert.ok(match, `no ${name} in ${file}`);
    return Number(match[1].replaceAll("'", ""));
  };
  const renewal = milliseconds("src/app/worker/worker.hpp", "renew_every");
  const close = milliseconds("src/app/worker/worker.hpp", "close_after");
  const linger = milliseconds("src/app/worker/fetch_job.hpp", "kCutTransferLinger");
  const lease = milliseconds("src/slots/protocol/slot_protocol.hpp", "kLeaseTtl");
  assert.ok(2 * renewal < close, "a renewal may fail once");
  assert.ok(close + linger < lease);
});
