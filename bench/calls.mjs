// The list of calls in PostgreSQL: pages and searches in a business with many calls beside one with 10,000, on the same
// server in the same run. Flat is: p99 of a page within 2 times that of the small business, and under 10 ms.
//
//   ./dev bench calls [--count 1000000] [--samples 500]      --count 10000000 takes half an hour and 15 GB
import { execFile, spawn } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";

const run = promisify(execFile);
const here = new URL("calls", import.meta.url).pathname;
const bin = process.env.TAPEDECK_BIN_DIR ?? new URL("../build/release/bin", import.meta.url).pathname;
const postgres = process.env.POSTGRES_BIN ?? "/usr/lib/postgresql/15/bin";
const { values } = parseArgs({
  options: { count: { type: "string", default: "1000000" }, samples: { type: "string", default: "500" } },
});

// PostgreSQL refuses to be root.
const as = {};
if (process.getuid() === 0) {
  const [, , uid, gid] = readFileSync("/etc/passwd", "utf8").split("\n").find((line) => line.startsWith("postgres:")).split(":");
  Object.assign(as, { uid: Number(uid), gid: Number(gid) });
}
const work = mkdtempSync(join(tmpdir(), "tapedeck-calls-"));
if (as.uid !== undefined) chownSync(work, as.uid, as.gid);
const data = join(work, "data");
await run(`${postgres}/initdb`, ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], { ...as, cwd: work });
const settings = ["listen_addresses=", "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "jit=off"];
const server = spawn(`${postgres}/postgres`, ["-D", data, "-k", work, ...settings.flatMap((one) => ["-c", one])],
  { ...as, cwd: work, stdio: "ignore" });
process.on("exit", () => {
  server.kill("SIGQUIT");
  rmSync(work, { recursive: true, force: true });
});

const url = `postgresql://postgres@/postgres?host=${work}`;
const psql = (...words) => run("psql", ["-d", url, "-v", "ON_ERROR_STOP=1", "-qAt", ...words], { maxBuffer: 1 << 24 });
for (let i = 0; !(await psql("-c", "SELECT 1").catch(() => undefined)); ++i) {
  if (i > 100) throw new Error("PostgreSQL does not start");
  await pause(100);
}

await run(`${bin}/calls_bench`, [url, "1"]);  // makes the schema
for (const [business, count] of [["small", "10000"], ["large-one", values.count]]) {
  console.error(`filling ${business} with ${count} calls`);
  await psql("-v", `business=${business}`, "-v", `count=${count}`, "-f", join(here, "fill.sql"));
}
console.error("making the index of the search");
await psql("-c", "SET maintenance_work_mem = '1GB'", "-c", "SET search_path = tapedeck, public", "-c",
  "CREATE INDEX calls_by_text ON calls USING gin (business_id, search_text gin_trgm_ops) WITH (fastupdate = off)");
await psql("-c", "VACUUM ANALYZE");
console.error((await psql("-c", "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class" +
  " WHERE relnamespace = 'tapedeck'::regnamespace AND pg_relation_size(oid) > 1000000 ORDER BY pg_relation_size(oid) DESC")).stdout);

const { stdout } = await run(`${bin}/calls_bench`, [url, values.samples, "small", "large-one"], { maxBuffer: 1 << 24 });
const rows = stdout.trim().split("\n").map((line) => JSON.parse(line));
const small = rows.filter((row) => row.business === "small");
for (const [i, large] of rows.filter((row) => row.business !== "small").entries()) {
  const isPage = large.what.includes("page");
  const isFlat = large.p99_ms <= Math.max(2 * small[i].p99_ms, 1) && large.p99_ms <= 10;
  console.log(`${large.what.padEnd(34)} p99 ${large.p99_ms.toFixed(2).padStart(8)} ms of ${values.count}, ` +
    `${small[i].p99_ms.toFixed(2).padStart(7)} ms of 10000   p50 ${large.p50_ms.toFixed(2)} and ${small[i].p50_ms.toFixed(2)} ms   ` +
    `${large.calls.toFixed(0)} and ${small[i].calls.toFixed(0)} calls${!isPage || isFlat ? "" : "  (short of the goal)"}`);
}
process.exit(0);  // which ends the server
