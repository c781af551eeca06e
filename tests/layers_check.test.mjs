// The check of the layers catches what it is there to catch.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

import { FILE_LINES_MAX, violations } from "./layers_check.mjs";

function violationsOf(files) {
  const root = mkdtempSync(join(tmpdir(), "layers-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return violations(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const FORBIDDEN = [
  ["src/core/a.cpp", '#include "ports/clock.hpp"'],
  ["src/core/a.cpp", '#include "runtime/offload.hpp"'],
  ["src/core/a.cpp", '#include "app/access.hpp"'],
  ["src/core/a.cpp", "#include <boost/asio/post.hpp>"],
  ["src/core/a.cpp", "#include <iostream>"],
  ["src/core/a.cpp", "#include <sys/stat.h>"],
  ["src/core/a.cpp", "#include <thread>"],
  ["src/ports/a.cpp", '#include "runtime/offload.hpp"'],
  ["src/ports/a.cpp", '#include "app/access.hpp"'],
  ["src/ports/a.cpp", '#include "adapters/http/message.hpp"'],
  ["src/runtime/a.cpp", '#include "ports/clock.hpp"'],
  ["src/runtime/a.cpp", '#include "app/access.hpp"'],
  ["src/app/a.cpp", '#include "adapters/sqlite/sqlite_call_store.hpp"'],
  ["src/app/a.cpp", '#include "main/config.hpp"'],
  ["src/app/a.cpp", '  #  include "adapters/http/message.hpp"'],
  ["src/adapters/memory/a.cpp", '#include "adapters/filesystem/file_blob_store.hpp"'],
  ["src/adapters/memory/a.cpp", '#include "app/access.hpp"'],
  ["src/adapters/sqlite/a.cpp", '#include "adapters/curl/client.hpp"'],
  ["src/adapters/http/a.cpp", '#include "adapters/curl/client.hpp"'],
  ["src/adapters/http/a.cpp", "#include <adapters/sqlite/sqlite_call_store.hpp>"],
  ["src/adapters/twilio/a.cpp", '#include "main/config.hpp"'],
  ["src/adapters/twilio/a.cpp", "#include <curl/curl.h>"],
  ["src/adapters/memory/a.cpp", "#include <sqlite3.h>"],
  ["src/app/a.cpp", "#include <prometheus/registry.h>"],
  ["src/app/a.cpp", "#include <boost/beast/http/fields.hpp>"],
  ["src/adapters/http/a.cpp", "#include <CLI/CLI.hpp>"],
  ["src/app/a.cpp", '#include "access.hpp"'],
  ["src/app/a.cpp", '#include "../core/ids.hpp"'],
  ["src/app/a.cpp", "co_spawn(loop, run(), boost::asio::detached);"],
  ["src/app/a.cpp", "auto done = is_first ? co_await one() : nothing;"],
  ["src/app/a.cpp", "                     : co_await other();"],
  ["src/app/a.cpp", "co_await give_back(std::move(held), {FinishKind::kHandBack, {}});"],
  ["src/app/a.cpp", "auto done = co_await finish(\n    {business, sid});"],
];

const ALLOWED = [
  ["src/ports/a.cpp", '#include "core/ids.hpp"'],
  ["src/runtime/a.cpp", '#include "core/error.hpp"'],
  ["src/app/a.cpp", '#include "runtime/offload.hpp"'],
  ["src/app/a.cpp", '#include "ports/clock.hpp"'],
  ["src/adapters/http/a.cpp", '#include "app/access.hpp"'],
  ["src/adapters/http/a.cpp", "#include <boost/beast/http/fields.hpp>"],
  ["src/adapters/s3/a.cpp", '#include "adapters/curl/client.hpp"'],
  ["src/adapters/twilio/a.cpp", '#include "adapters/curl/client.hpp"'],
  ["src/adapters/sqlite/a.cpp", "#include <sqlite3.h>"],
  ["src/main/a.cpp", '#include "adapters/sqlite/sqlite_call_store.hpp"'],
  ["src/core/a.cpp", "#include <chrono>"],
  ["tests/app/a.cpp", '#include "adapters/memory/memory_slot_store.hpp"'],
  ["src/app/a.cpp", "co_await clock.sleep_for(pause, {});"],
];

for (const [name, line] of FORBIDDEN) {
  test(`${name} with ${line} is refused at its line`, () => {
    const found = violationsOf({ [name]: `// first\n${line}\n` });
    assert.equal(found.length, 1);
    assert.ok(found[0].startsWith(`${name}:2: `), found[0]);
  });
}

for (const [name, line] of ALLOWED) {
  test(`${name} with ${line} is allowed`, () => {
    assert.deepEqual(violationsOf({ [name]: `${line}\n` }), []);
  });
}

test("a header that does not begin with #pragma once is refused", () => {
  assert.deepEqual(violationsOf({ "src/core/a.hpp": "// a comment\n#pragma once\n" }), [
    "src/core/a.hpp:1: a header begins with #pragma once",
  ]);
});

test("a file of the greatest length passes, and one more line is refused", () => {
  assert.deepEqual(violationsOf({ "web/src/a.ts": "//\n".repeat(FILE_LINES_MAX) }), []);
  assert.equal(violationsOf({ "web/src/a.ts": "//\n".repeat(FILE_LINES_MAX + 1) }).length, 1);
});
