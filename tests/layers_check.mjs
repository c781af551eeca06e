// The rules of the house, read off the sources: who may include whom (ARCHITECTURE.md), which library belongs to which
// room, and what every header begins with. `node tests/layers_check.mjs` prints each violation as file:line.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Lines in a file before it is two rooms. */
export const FILE_LINES_MAX = 450;

// The rooms of src/ and what each may include besides itself: ports and the domain of others, never their adapters.
const MAY_INCLUDE = {
  base: [],
  runtime: ["base"],
  domain: ["base"],
  blobs: ["base", "domain", "media", "runtime"],
  "calls/ports": ["base", "domain", "runtime"],
  calls: ["calls/ports", "domain", "runtime", "slots/protocol"],
  media: ["base", "blobs", "calls/ports", "domain", "runtime"],
  provider: ["base", "calls/ports", "domain", "runtime"],
  "slots/protocol": ["base", "domain"],
  slots: ["base", "calls", "calls/ports", "domain", "runtime", "slots/protocol"],
  curl: ["base", "runtime"],
  redis: ["base", "runtime"],
  telemetry: ["base", "domain", "runtime"],
  "blobs/filesystem": ["base", "blobs", "runtime"],
  "blobs/s3": ["base", "blobs", "curl", "domain", "runtime"],
  "calls/sql": ["base", "calls", "calls/ports", "domain", "runtime"],
  "calls/sqlite": ["base", "calls", "calls/ports", "calls/sql", "domain", "runtime"],
  "calls/postgres": ["base", "calls", "calls/ports", "calls/sql", "domain", "runtime"],
  "calls/copy": ["base", "blobs", "calls/ports", "domain", "runtime"],
  "media/sndfile": ["base", "blobs", "domain", "media", "runtime"],
  "provider/twilio": ["base", "curl", "domain", "provider", "runtime"],
  "slots/memory": ["base", "domain", "runtime", "slots", "slots/protocol"],
  "slots/redis": ["base", "domain", "redis", "runtime", "slots", "slots/protocol"],
  app: ["base", "blobs", "calls", "calls/ports", "domain", "media", "provider", "runtime", "slots", "slots/protocol"],
  "app/worker": ["app", "base", "blobs", "calls", "calls/ports", "domain", "media", "provider", "runtime", "slots", "slots/protocol"],
  "app/upkeep": ["app", "base", "blobs", "calls", "calls/ports", "domain", "provider", "runtime", "slots", "slots/protocol"],
  "http/server": ["base", "blobs", "runtime"],
  "http/api": ["app", "base", "blobs", "calls", "calls/ports", "domain", "http/server", "media", "provider/twilio", "runtime"],
  // They name concrete adapters.
  cli: ["*"],
  "cli/commands": ["*"],
  "cli/demo": ["*"],
  main: ["*"],
  // Beside src/: the provider's look-alike knows the grammar of the provider, and nothing of the server.
  tools: ["base", "domain", "provider/twilio"],
  tests: ["*"],
  bench: ["*"],
};

// Headers of libraries and of the system that only some rooms may name.
const BELONGS_TO = [
  { header: /^sqlite3\.h$/, rooms: ["calls/sqlite"] },
  { header: /^curl\//, rooms: ["curl"] },
  { header: /^prometheus\//, rooms: ["telemetry"] },
  { header: /^(sndfile|mpg123)\.h/, rooms: ["media/sndfile"] },
  { header: /^CLI\//, rooms: ["cli", "cli/commands"] },
  { header: /^boost\/beast/, rooms: ["http/server", "http/api", "main"] },
  { header: /^hiredis\//, rooms: ["redis"] },
  { header: /^(libpq-fe\.h|pqxx\/)/, rooms: ["calls/postgres"] },
];

// The pure rooms have no input or output, no event loop, no threads and no clock of their own.
const PURE = ["base", "domain", "slots/protocol"];
const NOT_PURE =
  /^(boost\/(asio|beast)|iostream|fstream|filesystem|cstdio|thread|mutex|shared_mutex|future|condition_variable|unistd\.h|fcntl\.h|time\.h|ctime|sys\/)/;

// What GCC 12 compiles into a crash, over whole statements.
const MISCOMPILED = [
  [/(?<!\bcase\s+[\w:]+|\bdefault)[?:]\s*co_await\b/g, "GCC 12 miscompiles a co_await within ?:"],
  [/\bco_await\b[^;{]*[(,]\s*\{\s*[^\s}]/g, "GCC 12 destroys a braced argument of an awaited call twice: name it first"],
];

const ROOTS = new Set(Object.keys(MAY_INCLUDE).map((room) => room.split("/")[0]));

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

/** The room of a path below src/: the deepest folder that has a row of its own. Undefined where there is none. */
function roomOf(path) {
  const folders = path.split("/").slice(0, -1);
  for (let depth = folders.length; depth > 0; depth--) {
    const room = folders.slice(0, depth).join("/");
    if (room in MAY_INCLUDE) return room;
  }
  return undefined;
}

function mayInclude(from, to) {
  if (from === to) return true;
  const allowed = MAY_INCLUDE[from];
  return allowed.includes("*") || allowed.includes(to);
}

// One line of a file in `room`; a sentence, or undefined.
function judgeInclude(room, isSource, quoted, target) {
  const owner = quoted ? undefined : BELONGS_TO.find((rule) => rule.header.test(target));
  const targetRoom = owner === undefined && ROOTS.has(target.split("/")[0]) ? roomOf(target) : undefined;
  if (isSource && quoted && targetRoom === undefined) return `"${target}" does not begin with a folder of src/`;
  if (targetRoom !== undefined && targetRoom !== "tests") {
    return mayInclude(room, targetRoom) ? undefined : `${room} may not include ${targetRoom}`;
  }
  if (PURE.includes(room) && NOT_PURE.test(target)) return `${room} has no input, output, threads or clocks: <${target}>`;
  if (isSource && owner !== undefined && !owner.rooms.includes(room)) {
    return `<${target}> belongs to ${owner.rooms.join(", ")}, not to ${room}`;
  }
  return undefined;
}

function judgeFile(root, path) {
  const name = relative(root, path);
  const lines = readFileSync(path, "utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  const found = [];
  const report = (line, what) => found.push(`${name}:${line}: ${what}`);
  const isSource = name.startsWith("src/");
  const room = isSource ? roomOf(name.slice("src/".length)) : name.split("/")[0];

  if (lines.length > FILE_LINES_MAX) report(lines.length, `${lines.length} lines: more than ${FILE_LINES_MAX}`);
  if (name.endsWith(".hpp") && lines[0] !== "#pragma once") report(1, "a header begins with #pragma once");
  if (!/\.(cpp|hpp)$/.test(name)) return found;
  if (room === undefined) {
    report(1, "its folder has no row in the table of tests/layers_check.mjs");
    return found;
  }
  lines.forEach((line, index) => {
    const include = /^\s*#\s*include\s*(["<])([^">]+)[">]/.exec(line);
    if (include !== null) {
      const what = judgeInclude(room, isSource, include[1] === '"', include[2]);
      if (what !== undefined) report(index + 1, what);
    }
    if (isSource && /\basio::detached\b/.test(line)) {
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
