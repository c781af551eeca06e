// `node tests/model/explain.mjs NO_FENCE` searches one variant, and tells step by step how it breaks. Without a name it
// lists them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, search, story } from "./spin.mjs";
import { LARGER, WHOLE, WITHOUT } from "./variants.mjs";

const variants = [{ ...WHOLE, name: "WHOLE" }, { ...LARGER, name: "LARGER" }, ...WITHOUT];
const variant = variants.find(({ name }) => name === process.argv[2]);
if (variant) {
  // Workers keep their numbers in a story.
  variant.defines = variant.defines.filter((define) => define !== "ANONYMOUS_WORKERS");
  variant.memoryMb = 8_000;
  const scratch = mkdtempSync(join(tmpdir(), "tapedeck-model-"));
  try {
    const found = await search(variant, scratch);
    for (const line of await story(variant, found.folder)) console.log(line);
    console.log(`\n${describe(variant, found)}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
} else {
  console.log("usage: node tests/model/explain.mjs VARIANT\n");
  for (const { name, missing } of variants) console.log(missing ? `${name}: ${missing}` : name);
  process.exitCode = 2;
}
