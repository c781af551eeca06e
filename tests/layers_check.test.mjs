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
  ["src/base/a.cpp", '#include "domain/ids.hpp"'],
  ["src/base/a.cpp", '#include "runtime/offload.hpp"'],
  ["src/base/a.cpp", "#include <boost/asio/post.hpp>"],
  ["src/base/a.cpp", "#include <iostream>"],
  ["src/domain/a.cpp", "#include <sys/stat.h>"],
  ["src/domain/a.cpp", '#include "runtime/clock.hpp"'],
  ["src/slots/protocol/a.cpp", "#include <thread>"],
  ["src/slots/protocol/a.cpp", '#include "slots/slot_store.hpp"'],
  ["src/slots/redis/a.cpp", '#include "calls/ports/call_store.hpp"'],
  ["src/redis/a.cpp", '#include "domain/recording.hpp"'],
  ["src/redis/a.cpp", '#include "slots/redis/keys.hpp"'],
  ["src/calls/ports/a.cpp", '#include "calls/businesses.hpp"'],
  ["src/calls/ports/a.cpp", '#include "app/access.hpp"'],
  ["src/calls/sqlite/a.cpp", '#include "calls/postgres/database.hpp"'],
  ["src/calls/sqlite/a.cpp", '#include "curl/client.hpp"'],
  ["src/runtime/a.cpp", '#include "app/access.hpp"'],
  ["src/app/a.cpp", '#include "calls/sqlite/sqlite_call_store.hpp"'],
  ["src/app/a.cpp", '#include "main/config.hpp"'],
  ["src/app/a.cpp", '  #  include "http/server/message.hpp"'],
  ["src/app/a.cpp", '#include "app/upkeep/upkeep.hpp"'],
  ["src/http/server/a.cpp", '#include "domain/recording.hpp"'],
  ["src/http/server/a.cpp", '#include "app/access.hpp"'],
  ["src/http/api/a.cpp", '#include "curl/client.hpp"'],
  ["src/http/api/a.cpp", "#include <calls/sqlite/sqlite_call_store.hpp>"],
  ["src/http/api/a.cpp", "#include <CLI/CLI.hpp>"],
  ["src/provider/twilio/a.cpp", '#include "main/config.hpp"'],
  ["src/provider/twilio/a.cpp", "#include <curl/curl.h>"],
  ["src/slots/memory/a.cpp", '#include "app/access.hpp"'],
  ["src/slots/memory/a.cpp", "#include <sqlite3.h>"],
  ["src/app/a.cpp", "#include <prometheus/registry.h>"],
  ["src/app/a.cpp", "#include <boost/beast/http/fields.hpp>"],
  ["src/app/a.cpp", '#include "access.hpp"'],
  ["src/app/a.cpp", '#include "../domain/ids.hpp"'],
  ["src/nowhere/a.cpp", '#include "domain/ids.hpp"'],
  ["tools/simulator/a.cpp", '#include "app/access.hpp"'],
  ["src/app/a.cpp", "co_spawn(loop, run(), boost::asio::detached);"],
  ["src/app/a.cpp", "auto done = is_first ? co_await one() : nothing;"],
  ["src/app/a.cpp", "                     : co_await other();"],
  ["src/app/a.cpp", "co_await give_back(std::move(held), {FinishKind::kHandBack, {}});"],
  ["src/app/a.cpp", "auto done = co_await finish(\n    {business, sid});"],
];

const ALLOWED = [
  ["src/calls/ports/a.cpp", '#include "domain/ids.hpp"'],
  ["src/runtime/a.cpp", '#include "base/error.hpp"'],
  ["src/app/a.cpp", '#include "runtime/offload.hpp"'],
  ["src/app/a.cpp", '#include "calls/ports/call_store.hpp"'],
  ["src/app/upkeep/a.cpp", '#include "app/access.hpp"'],
  ["src/http/api/a.cpp", '#include "app/access.hpp"'],
  ["src/http/api/a.cpp", "#include <boost/beast/http/fields.hpp>"],
  ["src/blobs/s3/a.cpp", '#include "curl/client.hpp"'],
  ["src/provider/twilio/a.cpp", '#include "curl/client.hpp"'],
  ["src/calls/sqlite/a.cpp", "#include <sqlite3.h>"],
  ["src/slots/redis/a.cpp", '#include "redis/client.hpp"'],
  ["src/main/a.cpp", '#include "calls/sqlite/sqlite_call_store.hpp"'],
  ["src/base/a.cpp", "#include <chrono>"],
  ["tests/app/a.cpp", '#include "slots/memory/memory_slot_store.hpp"'],
  ["tools/simulator/a.cpp", '#include "plan.hpp"'],
  ["src/app/a.cpp", "co_await clock.sleep_for(pause, {});"],
];

for (const [name, line] of FORBIDDEN) {
  test(`${name} with ${line} is refused at its line`, () => {
    const found = violationsOf({ [name]: `// first\n${line}\n` });
    assert.equal(found.length, 1);
    assert.match(found[0], name.startsWith("src/nowhere/") ? /:1: its folder has no row/ : /:2: /);
  });
}

for (const [name, line] of ALLOWED) {
  test(`${name} with ${line} is allowed`, () => {
    assert.deepEqual(violationsOf({ [name]: `${line}\n` }), []);
  });
}

test("a header that does not begin with #pragma once is refused", () => {
  assert.deepEqual(violationsOf({ "src/base/a.hpp": "// a comment\n#pragma once\n" }), [
    "src/base/a.hpp:1: a header begins with #pragma once",
  ]);
});

test("a file of the greatest length passes, and one more line is refused", () => {
  assert.deepEqual(violationsOf({ "web/src/a.ts": "//\n".repeat(FILE_LINES_MAX) }), []);
  assert.equal(violationsOf({ "web/src/a.ts": "//\n".repeat(FILE_LINES_MAX + 1) }).length, 1);
});
