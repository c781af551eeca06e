// A SQLite file with filled businesses, written in one transaction without log and sync.
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const fill = new URL("fill_sqlite.sql", import.meta.url).pathname;
const fast = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -1000000";
// The indexes of calls are dropped, and made again at the end with the definitions of the store. The indexes of recordings are
// empty or grow at one end only, which costs less than reading all recordings for each.
const indexes = "FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'calls' AND sql IS NOT NULL";

/** In the folder `work`, with the programs in `bin`; `businesses`: [name, number of calls] of each. */
export async function fillSqlite({ work, bin, businesses }) {
  const file = join(work, "tapedeck.db");
  const sqlite = async (...commands) => (await run("sqlite3", ["-bail", file, ...commands])).stdout;
  await run(`${bin}/calls_bench`, [file, "1"]);  // makes the schema
  const drop = await sqlite(`SELECT 'DROP INDEX ' || name || ';' ${indexes}`);
  const make = await sqlite(`SELECT sql || ';' ${indexes}`);
  const fills = businesses.flatMap(([business, count]) =>
    [`.parameter set :business "'${business}'"`, `.parameter set :count ${count}`, `.read '${fill}'`]);
  await sqlite(fast, "BEGIN", drop, ...fills, make, "COMMIT");
  console.error(`${(statSync(file).size / 1e9).toFixed(2)} GB`);
  return { where: file, stop: async () => {} };
}
