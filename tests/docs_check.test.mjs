// The documents agree with the sources: settings with their defaults, log lines, metrics, commands, links, decisions.

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

test("the check finds the table of settings", () => assert.ok(settings.length >= 20, `${settings.length}`));

for (const { name, fallback } of settings) {
  test(`${name} is documented with its default`, () => {
    const row = operations.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row, `no row for ${name}`);
    const shown = row.split("|")[2].trim();
    assert.equal(shown, fallback === "" ? "" : `\`${fallback}\``);
  });
}

test("every documented setting exists, in the order of the table", () => {
  const rows = [...operations.matchAll(/^\| `([A-Z_]+)` \| [^|]*\| [^|]*\| [^|]*\|$/gm)].map((match) => match[1]);
  assert.deepEqual(rows, settings.map((setting) => setting.name));
});

// Name and glyph of each event, from the catalogue; the log's table in the document may name several in one row.
const catalogue = [...read("src/domain/event_catalogue.hpp").matchAll(/^ {4}\{"([A-Z_]+)", Severity::\w+, "([^"]*)",/gm)].map(
  ([, name, glyph]) => (glyph === "" ? name : `${glyph} ${name}`),
);

test("the log's table in operations.md names each event of the catalogue, and no other", () => {
  assert.ok(catalogue.length >= 40, `${catalogue.length}`);
  const section = operations.slice(operations.indexOf("\n## Log\n"));
  const table = section.slice(0, section.indexOf("\n## ", 1));
  const cells = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].map((match) => match[1]);
  const documented = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]));
  assert.deepEqual(documented.sort(), [...catalogue].sort());
});

test("only the catalogue's constructors make events", () => {
  const allowed = new Set(["src/domain/event.hpp", "src/domain/events.hpp", "src/domain/events.cpp"]);
  const makers = sourcesBelow("src").filter((name) => !allowed.has(name) && /\bEvent\s*\{|\bEvent \w+\s*[{(=]|emit\(\s*\{/.test(read(name)));
  assert.deepEqual(makers, []);
});

test("every metric is documented, and every documented one exists", () => {
  const metrics = literals(/"((?:tapedeck|process)_[a-z0-9_]+_(?:total|seconds|bytes|fds|info|connections|waiting|progress)|tapedeck_http_connections)"/g);
  assert.ok(metrics.has("tapedeck_recordings_stored_total"));
  assert.deepEqual(missing(metrics), []);
  const documented = [...operations.matchAll(/`((?:tapedeck|process)_[a-z0-9_]+)`/g)].map((match) => match[1]);
  assert.deepEqual(documented.filter((name) => !metrics.has(name)), []);
});

for (const name of ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/operations.md", "docs/adr/README.md"]) {
  test(`every link of ${name} leads to a file`, () => {
    const links = [...read(name).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]);
    assert.deepEqual(links.filter((link) => !existsSync(join(root, dirname(name), link))), []);
  });
}

test("every folder that ARCHITECTURE.md names exists", () => {
  const folders = [...read("ARCHITECTURE.md").matchAll(/`((?:src|web|tools|tests|bench)\/[a-z_/]*)`/g)].map((match) => match[1]);
  assert.deepEqual(folders.filter((folder) => !existsSync(join(root, folder))), []);
});

test("every decision has a status and a date", () => {
  const heads = readdirSync(join(root, "docs/adr"))
    .filter((name) => name !== "README.md")
    .map((name) => [name, read(`docs/adr/${name}`).split("\n").slice(0, 8).join("\n")]);
  assert.deepEqual(heads.filter(([, head]) => !/Status: (proposed|accepted|superseded)/.test(head) || !/\b20\d\d-\d\d-\d\d\b/.test(head)), []);
});

test("every number of a decision is used once, and listed", () => {
  const files = readdirSync(join(root, "docs/adr")).filter((name) => name !== "README.md");
  assert.equal(new Set(files.map((name) => name.slice(0, 4))).size, files.length);
  assert.deepEqual(files.filter((name) => !read("docs/adr/README.md").includes(`(${name})`)), []);
});
