// The rules of the layers, read off the sources: who may include whom (ARCHITECTURE.md), which library belongs to which
// folder, and what every header begins with. `node tests/layers_check.mjs` prints each violation as file:line.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Lines in a file before it is two rooms. */
export const FILE_LINES_MAX = 450;

// What each layer of src/ may include besides itself. An adapter is a layer of its own: "adapters/http".
const MAY_INCLUDE = {
  core: [],
  ports: ["core"],
  runtime: ["core"],
  app: ["ports", "runtime", "core"],
  adapter: ["ports", "runtime", "core"],
  "adapters/http": ["app", "ports", "runtime", "core"],
  "adapters/s3": ["adapters/curl", "ports", "runtime", "core"],
  "adapters/twilio": ["adapters/curl", "ports", "runtime", "core"],
};

// Headers of libraries and of the system that only some layers may name.
const BELONGS_TO = [
  { header: /^sqlite3\.h$/, layers: ["adapters/sqlite"] },
  { header: /^curl\//, layers: ["adapters/curl"] },
  { header: /^prometheus\//, layers: ["adapters/telemetry"] },
  { header: /^(sndfile|mpg123)\.h/, layers: ["adapters/sndfile"] },
  { header: /^CLI\//, layers: ["main"] },
  { header: /^boost\/beast/, layers: ["adapters/http", "main"] },
  { header: /^hiredis\//, layers: ["adapters/redis"] },
  { header: /^(libpq-fe\.h|pqxx\/)/, layers: ["adapters/postgres"] },
];

// The core has no input or output, no event loop, no threads and no clock of its own.
const NOT_IN_CORE =
  /^(boost\/(asio|beast)|iostream|fstream|filesystem|cstdio|thread|mutex|shared_mutex|future|condition_variable|unistd\.h|fcntl\.h|time\.h|ctime|sys\/)/;

// What GCC 12 compiles into a crash, over whole statements.
const MISCOMPILED = [
  [/(?<!\bcase\s+[\w:]+|\bdefault)[?:]\s*co_await\b/g, "GCC 12 miscompiles a co_await within ?:"],
  [/\bco_await\b[^;{]*[(,]\s*\{\s*[^\s}]/g, "GCC 12 destroys a braced argument of an awaited call twice: name it first"],
];

const PROJECT_ROOTS = ["core", "ports", "runtime", "app", "adapters", "main"];

function* filesBelow(folder) {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    if (entry.name === "node_modules" || entry.name === "dist") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** "core", "adapters/http", "main" of a path below src/; undefined elsewhere. */
function layerOf(path) {
  const parts = path.split("/");
  if (!PROJECT_ROOTS.includes(parts[0])) return undefined;
  return parts[0] === "adapters" ? parts.slice(0, 2).join("/") : parts[0];
}

function mayInclude(from, to) {
  if (from === to || from === "main") return true;
  const allowed = MAY_INCLUDE[from] ?? (from.startsWith("adapters/") ? MAY_INCLUDE.adapter : []);
  return allowed.includes(to);
}

// One line of a file in `layer` (undefined outside of src/); a sentence, or undefined.
function judgeInclude(layer, quoted, target) {
  const targetLayer = layerOf(target);
  if (layer === undefined) return undefined;
  if (quoted && targetLayer === undefined) return `"${target}" does not begin with a folder of src/`;
  if (targetLayer !== undefined) {
    return mayInclude(layer, targetLayer) ? undefined : `${layer} may not include ${targetLayer}`;
  }
  if (layer === "core" && NOT_IN_CORE.test(target)) return `core has no input, output, threads or clocks: <${target}>`;
  const owner = BELONGS_TO.find((rule) => rule.header.test(target));
  if (owner !== undefined && !owner.layers.includes(layer)) {
    return `<${target}> belongs to ${owner.layers.join(", ")}, not to ${layer}`;
  }
  return undefined;
}

function judgeFile(root, path) {
  const name = relative(root, path);
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  const found = [];
  const report = (line, what) => found.push(`${name}:${line}: ${what}`);
  const layer = name.startsWith("src/") ? layerOf(name.slice("src/".length)) : undefined;

  if (lines.length > FILE_LINES_MAX) report(lines.length, `${lines.length} lines: more than ${FILE_LINES_MAX}`);
  if (name.endsWith(".hpp") && lines[0] !== "#pragma once") report(1, "a header begins with #pragma once");
  if (!/\.(cpp|hpp)$/.test(name)) return found;
  lines.forEach((line, index) => {
    const include = /^\s*#\s*include\s*(["<])([^">]+)[">]/.exec(line);
    if (include !== null) {
      const what = judgeInclude(layer, include[1] === '"', include[2]);
      if (what !== undefined) report(index + 1, what);
    }
    if (layer !== undefined && /\basio::detached\b/.test(line)) {
      report(index + 1, "a detached coroutine loses its exceptions and outlives its owner");
    }
  });
  for (const [pattern, what] of MISCOMPILED) {
    for (const match of lines.join("\n").replace(/\/\/.*/g, "").matchAll(pattern)) {
      report(match.input.slice(0, match.index).split("\n").length, what);
    }
  }
  return found;
}

/** Every violation below `root`, as "file:line: what". */
export function violations(root) {
  const found = [];
  for (const folder of ["src", "tools", "tests", "bench", "web/src"]) {
    for (const path of filesBelow(join(root, folder))) {
      if (/\.(cpp|hpp|ts|mjs)$/.test(path)) found.push(...judgeFile(root, path));
    }
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const found = violations(root);
  for (const line of found) console.log(line);
  process.exitCode = found.length === 0 ? 0 : 1;
}
