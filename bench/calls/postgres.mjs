// A PostgreSQL server for this benchmark, with filled businesses.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const programs = process.env.POSTGRES_BIN ?? "/usr/lib/postgresql/15/bin";
const fill = new URL("fill_postgres.sql", import.meta.url).pathname;

// PostgreSQL refuses to run as root.
const as = {};
if (process.getuid() === 0) {
  const [, , uid, gid] = readFileSync("/etc/passwd", "utf8").split("\n").find((line) => line.startsWith("postgres:")).split(":");
  Object.assign(as, { uid: Number(uid), gid: Number(gid) });
}

async function startIn(work) {
  if (as.uid !== undefined) chownSync(work, as.uid, as.gid);
  const data = join(work, "data");
  await run(`${programs}/initdb`, ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], { ...as, cwd: work });
  const settings = ["listen_addresses=", "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "jit=off"];
  const server = spawn(`${programs}/postgres`, ["-D", data, "-k", work, ...settings.flatMap((one) => ["-c", one])],
    { ...as, cwd: work, stdio: "ignore" });
  process.on("exit", () => server.kill("SIGQUIT"));
  return server;
}

/** In the folder `work`, with the programs in `bin`; `businesses`: [name, number of calls] of each. */
export async function fillPostgres({ work, bin, businesses }) {
  const server = await startIn(work);
  const url = `postgresql://postgres@/postgres?host=${work}`;
  const psql = (...words) => run("psql", ["-d", url, "-v", "ON_ERROR_STOP=1", "-qAt", ...words], { maxBuffer: 1 << 24 });
  for (let i = 0; !(await psql("-c", "SELECT 1").catch(() => undefined)); ++i) {
    if (i > 100) throw new Error("PostgreSQL does not start");
    await pause(100);
  }

  await run(`${bin}/calls_bench`, [url, "1"]);  // makes the schema
  for (const [business, count] of businesses) {
    await psql("-v", `business=${business}`, "-v", `count=${count}`, "-f", fill);
  }
  console.error("making the index of the search");
  await psql("-c", "SET maintenance_work_mem = '1GB'", "-c", "SET search_path = tapedeck, public", "-c",
    "CREATE INDEX calls_by_text ON calls USING gin (business_id, search_text gin_trgm_ops) WITH (fastupdate = off)");
  await psql("-c", "VACUUM ANALYZE");
  console.error((await psql("-c", "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class" +
    " WHERE relnamespace = 'tapedeck'::regnamespace AND pg_relation_size(oid) > 1000000 ORDER BY pg_relation_size(oid) DESC")).stdout);

  const stop = async () => {
    server.kill("SIGQUIT");
    await once(server, "exit");
  };
  return { where: url, stop };
}
