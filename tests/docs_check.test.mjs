// What the documents say is there, and what is there is in the documents: settings with their defaults, log lines,
// metrics, commands, files that are linked.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(join(root, name), "utf8");
const operations = read("docs/operations.md");

function sourcesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesBelow(name);
    return /\.(cpp|hpp)$/.test(name) ? [name] : [];
  });
}

const sources = sourcesBelow("src").map(read).join("\n");
const literals = (pattern) => new Set([...sources.matchAll(pattern)].map((match) => match[1]));
const missing = (names) => [...names].filter((name) => !operations.includes(`\`${name}\``));

// Name and default of each setting, from the table that declares them.
const settings = [...read("src/main/setting_table.cpp").matchAll(/Setting\{\s*"(\w+)",\s*SettingType::\w+,\s*"[^"]*",\s*"([^"]*)"/g)].map(
  ([, name, fallback]) => ({ name, fallback }),
);

test("the table of settings was found", () => assert.ok(settings.length >= 20, `${settings.length}`));

for (const { name, fallback } of settings) {
  test(`${name} is documented with its default`, () => {
    const row = operations.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row, `no row for ${name}`);
    const shown = row.split("|")[2].trim();
    assert.equal(shown, fallback === "" ? "" : `\`${fallback}\``);
  });
}

test("no setting is documented that does not exist", () => {
  const rows = [...operations.matchAll(/^\| `([A-Z_]+)` \| [^|]*\| [^|]*\| [^|]*\|$/gm)].map((match) => match[1]);
  assert.deepEqual(rows, settings.map((setting) => setting.name));
});

test("every log line is documented", () => {
  const known = new Set([...settings.map((setting) => setting.name), "TAPEDECK_CONFIG"]);
  const events = [...literals(/"([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)"/g)].filter((name) => !known.has(name));
  assert.ok(events.includes("RECORDING_STORED"));
  const glyphs = { RECORDING_ENQUEUE: "🎧 ", RECORDING_QUEUED: "⏳ ", RECORDING_DONE: "✅ ", RECORDING_NEXT: "➡️ " };
  assert.deepEqual(missing(events.map((name) => (glyphs[name] ?? "") + name)), []);
});

test("every metric is documented, and none that does not exist", () => {
  const metrics = literals(/"((?:tapedeck|process)_[a-z0-9_]+_(?:total|seconds|bytes|fds|info|connections|waiting|progress)|tapedeck_http_connections)"/g);
  assert.ok(metrics.has("tapedeck_recordings_stored_total"));
  assert.deepEqual(missing(metrics), []);
  const documented = [...operations.matchAll(/`((?:tapedeck|process)_[a-z0-9_]+)`/g)].map((match) => match[1]);
  assert.deepEqual(documented.filter((name) => !metrics.has(name)), []);
});

for (const name of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/operations.md", "docs/adr/README.md"]) {
  test(`what ${name} links to is there`, () => {
    const links = [...read(name).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]);
    assert.deepEqual(links.filter((link) => !existsSync(join(root, dirname(name), link))), []);
  });
}

test("every folder that ARCHITECTURE.md names is there", () => {
  const folders = [...read("ARCHITECTURE.md").matchAll(/`((?:src|web|tools|tests|bench)\/[a-z_/]*)`/g)].map((match) => match[1]);
  assert.deepEqual(folders.filter((folder) => !existsSync(join(root, folder))), []);
});

test("every number of a decision is used once, and listed", () => {
  const files = readdirSync(join(root, "docs/adr")).filter((name) => name !== "README.md");
  assert.equal(new Set(files.map((name) => name.slice(0, 4))).size, files.length);
  assert.deepEqual(files.filter((name) => !read("docs/adr/README.md").includes(`(${name})`)), []);
});
