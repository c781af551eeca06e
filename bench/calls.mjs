// The list of calls: pages and searches in a business with many calls and in one with 10,000, in the same store and the same
// run. The goal: p99 of a page within 2 times that of the small business, and under 10 ms.
//
//   ./dev bench calls [postgres|sqlite] [--count 1000000] [--samples 500]      without a name: both, one after the other
//
// --count 10000000 takes half an hour and 15 GB in PostgreSQL, and 9 GB in SQLite. A search in SQLite may read the whole
// business, which then takes seconds: --samples 50 limits the run to minutes.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";

import { fillPostgres } from "./calls/postgres.mjs";
import { fillSqlite } from "./calls/sqlite.mjs";

const run = promisify(execFile);
const bin = process.env.TAPEDECK_BIN_DIR ?? new URL("../build/release/bin", import.meta.url).pathname;
const stores = { postgres: fillPostgres, sqlite: fillSqlite };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "1000000" }, samples: { type: "string", default: "500" } },
});
const names = positionals.length > 0 ? positionals : Object.keys(stores);
const unknown = names.find((name) => !Object.hasOwn(stores, name));
if (unknown) throw new Error(`no store named '${unknown}'; there are: ${Object.keys(stores).join(", ")}`);
const businesses = [["small", "10000"], ["large-one", values.count]];

function print(name, rows) {
  const small = rows.filter((row) => row.business === "small");
  for (const [i, large] of rows.filter((row) => row.business !== "small").entries()) {
    const isPage = large.what.includes("page");
    const isFlat = large.p99_ms <= Math.max(2 * small[i].p99_ms, 1) && large.p99_ms <= 10;
    console.log(`${name.padEnd(9)}${large.what.padEnd(34)} p99 ${large.p99_ms.toFixed(2).padStart(8)} ms of ${values.count}, ` +
      `${small[i].p99_ms.toFixed(2).padStart(7)} ms of 10000   p50 ${large.p50_ms.toFixed(2)} and ${small[i].p50_ms.toFixed(2)} ms   ` +
      `${large.calls.toFixed(0)} and ${small[i].calls.toFixed(0)} calls${!isPage || isFlat ? "" : "  (short of the goal)"}`);
  }
}

for (const name of names) {
  const work = mkdtempSync(join(tmpdir(), "tapedeck-calls-"));
  const remove = () => rmSync(work, { recursive: true, force: true });
  process.on("exit", remove);
  console.error(`${name}: filling businesses with ${businesses.map(([, count]) => count).join(" and ")} calls`);
  const began = performance.now();
  const store = await stores[name]({ work, bin, businesses });
  console.error(`${name}: filled in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const { stdout } = await run(`${bin}/calls_bench`, [store.where, values.samples, ...businesses.map(([business]) => business)]);
  print(name, stdout.trim().split("\n").map((line) => JSON.parse(line)));
  await store.stop();
  remove();
}
