// Compiles a variant of the model with spin and gcc, searches it, and tells the story of what it found.

import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { PROPERTIES } from "./variants.mjs";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));

// Steps in one run of the model, several times more than any has.
const DEPTH_MAX = 100_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const KINDS = {
  exhaustive: { compile: ["-DSAFETY", "-DNOREDUCE"], options: [] },
  bitstate: { compile: ["-DSAFETY", "-DBITSTATE", "-DNOREDUCE"], options: ["-k3"] },
  // Looks for a cycle, of which there must be none: then every run ends.
  cycles: { compile: ["-DNP", "-DNOREDUCE"], options: ["-l"] },
};

const definesOf = (variant) => variant.defines.map((define) => `-D${define}`);

/** A folder below `scratch` with the model, and the verifier of `variant` compiled in it. */
async function build(variant, scratch) {
  const folder = mkdtempSync(join(scratch, "variant-"));
  for (const file of readdirSync(here)) {
    if (file.endsWith(".pml")) copyFileSync(join(here, file), join(folder, file));
  }
  await run("spin", [...definesOf(variant), "-a", "slots.pml"], { cwd: folder });
  const { compile } = KINDS[variant.search ?? "exhaustive"];
  const flags = ["-w", ...variant.compile, ...compile, `-DMEMLIM=${variant.memoryMb}`];
  await run("gcc", [...flags, "-o", "pan", "pan.c"], { cwd: folder });
  return folder;
}

function number(output, pattern) {
  const match = output.match(pattern);
  if (!match) throw new Error(`the verifier did not say ${pattern}:\n${output}`);
  return Number(match[1]);
}

/** What the verifier said. `violated`: a key of PROPERTIES, or what it said instead; null: nothing. */
export function verdictOf(output) {
  const assertion = output.match(/^pan:1: (.*) \(at depth \d+\)$/m)?.[1];
  const property = assertion && Object.keys(PROPERTIES).find((key) => assertion.includes(PROPERTIES[key].assertion));
  return {
    violated: assertion === undefined ? null : property ?? assertion,
    isComplete: !/Search not completed|max search depth too small|out of memory|reached -DMEMLIM/.test(output),
    errors: number(output, /errors: (\d+)/),
    states: number(output, /^ *([\d.e+]+) states, stored/m),
    depth: number(output, /depth reached (\d+)/),
    memoryMb: number(output, /^ *([\d.]+)\s+total actual memory usage/m),
    // Steps of the model that no run came to.
    unreached: [...output.matchAll(/^\t(\S+\.pml:\d+), state \d+, "(?!-end-)(.*)"$/gm)].map((step) => `${step[1]} ${step[2]}`),
  };
}

/** Searches `variant`, below the folder `scratch`. `folder` is where its verifier and its trail are. */
export async function search(variant, scratch) {
  const began = performance.now();
  const folder = await build(variant, scratch);
  const compiled = performance.now();
  const options = [`-m${DEPTH_MAX}`, `-w${variant.hashBits}`, ...KINDS[variant.search ?? "exhaustive"].options];
  const { stdout } = await run("./pan", options, { cwd: folder, maxBuffer: OUTPUT_BYTES_MAX });
  return {
    ...verdictOf(stdout),
    folder,
    compileSeconds: (compiled - began) / 1000,
    searchSeconds: (performance.now() - compiled) / 1000,
  };
}

/** The steps that led to the violation that search() found, one a line. */
export async function story(variant, folder) {
  if (!existsSync(join(folder, "slots.pml.trail"))) return [];
  const { stdout } = await run("spin", [...definesOf(variant), "-t", "slots.pml"], {
    cwd: folder,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
  const [told] = stdout.split(/^spin: .*Error: assertion violated$/m);
  return told.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** One line for people. */
export function describe(variant, found) {
  const verdict = found.violated === null ? "holds" : `violated: ${PROPERTIES[found.violated]?.means ?? found.violated}`;
  return (
    `${variant.name}: ${verdict}; ${found.states} states, depth ${found.depth}, ${found.memoryMb} MB, ` +
    `compiled in ${found.compileSeconds.toFixed(1)} s, searched in ${found.searchSeconds.toFixed(1)} s`
  );
}
