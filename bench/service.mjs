// Latencies for users and operators: press to 202, last byte to playable, memory, start. Each figure is compared with a bare
// fsync, its lower bound on this machine.
//
//   ./dev bench service
import { execFile, execFileSync, spawn } from "node:child_process";
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, unwatchFile, watchFile, writeFileSync,
  writeSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const bin = process.env.TAPEDECK_BIN_DIR ?? new URL("../build/release/bin", import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), "tapedeck-bench-"));
const children = [];

const account = "AC" + "1".repeat(32);
const sid = (prefix, number) => prefix + number.toString(16).padStart(32, "0");

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

function row(what, text) {
  console.log(`${what.padEnd(58)} ${text}`);
}

async function readyLine(child, pattern, stream) {
  for await (const line of createInterface({ input: child[stream] })) {
    const found = pattern.exec(line);
    if (found) return found[1];
  }
  throw new Error("a program ended before it was ready");
}

async function startSimulator() {
  const child = spawn(join(bin, "twilio-sim"), ["--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return readyLine(child, /ready on (\S+)/, "stdout");
}

// With `lines`, each line of its log is appended there as it arrives. Without, the log goes to a file, which costs the measured
// server nothing.
async function startServer(dataDir, provider, lines) {
  const began = performance.now();
  const log = join(work, "server.log");
  const child = spawn(join(bin, "tapedeck"), ["serve", "--listen", "127.0.0.1:0", "--data-dir", dataDir], {
    stdio: ["ignore", "inherit", lines ? "pipe" : openSync(log, "w")],
    env: { ...process.env, TWILIO_BASE_URL: provider, LOG_FORMAT: "json" },
  });
  children.push(child);
  const url = await new Promise((resolve, reject) => {
    const take = (line) => {
      const event = JSON.parse(line);
      lines?.push(event);
      if (event.event === "SERVER_READY") resolve(event.url.replace(/\/$/, ""));
    };
    if (lines) createInterface({ input: child.stderr }).on("line", take);
    else watchFile(log, { interval: 5 }, () => readFileSync(log, "utf8").split("\n").filter(Boolean).forEach(take));
    child.on("exit", () => reject(new Error("the server ended")));
  });
  unwatchFile(log);
  return { child, url, readyMs: performance.now() - began };
}

async function stop(child) {
  child.kill("SIGTERM");
  await once(child, "exit");
}

function cli(dataDir, ...words) {
  return execFileSync(join(bin, "tapedeck"), [...words, "--data-dir", dataDir], { encoding: "utf8" }).trim();
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 200 });

function ask(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request = http.request(url, { method, headers, agent }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode, body: Buffer.concat(chunks), ms: performance.now() - began }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function inFlight(count, most, task) {
  let next = 0;
  const run = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: most }, run));
}

const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

function fsyncMs() {
  const file = openSync(join(work, "fsync"), "w");
  const took = [];
  for (let i = 0; i < 200; ++i) {
    const began = performance.now();
    writeSync(file, "x".repeat(4096));
    fsyncSync(file);
    took.push(performance.now() - began);
  }
  closeSync(file);
  return took;
}

async function addRecordings(provider, server, key, first, count) {
  const recordings = [];
  for (let i = first; i < first + count; ++i) {
    recordings.push({ account, sid: sid("RE", i), call: sid("CA", i), duration_s: 30 });
  }
  await ask("POST", `${provider}/_sim/load`, { "content-type": "application/json" }, JSON.stringify({ recordings }));
  await inFlight(count, 50, async (i) => {
    const call = { recording: { sid: sid("RE", first + i), account_sid: account }, duration: 30 };
    const put = await ask("PUT", `${server}/api/calls/${sid("CA", first + i)}`, auth(key), JSON.stringify(call));
    if (put.status !== 201) throw new Error(`PUT answered ${put.status}: ${put.body}`);
  });
}

const auth = (key) => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });

async function untilStored(server, key, wanted) {
  for (const number of wanted) {
    for (;;) {
      const status = JSON.parse((await ask("GET", `${server}/api/recordings/${sid("CA", number)}/status`, auth(key))).body);
      if (status.state === "stored") break;
      if (status.state === "failed") throw new Error(JSON.stringify(status));
    }
  }
}

// Rows written directly: calls 1 to `count`, each with a recording that was never requested.
function writeRemoteCalls(dataDir, count) {
  const sql = `
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO calls (business_id, call_sid, from_party, to_party, started_at, search_text)
      SELECT 'bench', printf('CA%032x', i), '', '', i, '' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO recordings (business_id, call_sid, account_sid, recording_sid, sid)
      SELECT 'bench', printf('CA%032x', i), '${account}', printf('RE%032x', i), printf('CA%032x', i) FROM n;`;
  execFileSync("sqlite3", [join(dataDir, "tapedeck.db")], { input: sql });
}

const pressesInFlight = 200;
const pressSeconds = 5;

// Each press is on another cold recording of one business, so all but three are queued. The downloads stall, so that only
// presses are measured. wrk costs less processor time than Node.
async function benchPress() {
  const dataDir = join(work, "press");
  cli(dataDir, "business", "add", "bench", "--account-sid", account, "--auth-token", "token");
  const key = cli(dataDir, "key", "create", "--business", "bench");
  writeRemoteCalls(dataDir, 300_000);
  const silent = net.createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { child, url } = await startServer(dataDir, `http://127.0.0.1:${silent.address().port}`, undefined);
  const script = join(work, "press.lua");
  writeFileSync(script, `local call = 0
    request = function()
      call = call + 1
      return wrk.format("GET", string.format("/api/recordings/CA%032x/stream", call))
    end
    done = function(summary, latency)
      print(string.format("FIGURES %d %d %d %f %f", summary.requests, summary.duration, summary.errors.status,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000))
    end`);
  const run = promisify(execFile);
  const { stdout } = await run("wrk", ["-t1", `-c${pressesInFlight}`, `-d${pressSeconds}s`, "-s", script,
    "-H", `Authorization: Bearer ${key}`, url]);
  const [requests, microseconds, errors, p50, p99] = /FIGURES (.+)/.exec(stdout)[1].split(" ").map(Number);
  if (errors > 0) throw new Error(`${errors} presses were refused`);
  row(`press to 202, ${pressesInFlight} in flight`, `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ` +
    `${Math.round((requests / microseconds) * 1e6).toLocaleString("en")}/s`);
  silent.close();
  await stop(child);
}

async function benchFetch(provider) {
  const dataDir = join(work, "fetch");
  const lines = [];
  cli(dataDir, "business", "add", "bench", "--account-sid", account, "--auth-token", "token", "--limit", "50");
  const key = cli(dataDir, "key", "create", "--business", "bench");
  const { child, url } = await startServer(dataDir, provider, lines);
  row("resident memory, idle", `${residentMb(child.pid).toFixed(1)} MB`);
  const count = 1000;
  await addRecordings(provider, url, key, 1, count);
  await inFlight(count, 50, async (i) => {
    const pressed = await ask("GET", `${url}/api/recordings/${sid("CA", 1 + i)}/stream`, auth(key));
    if (pressed.status !== 202 && pressed.status !== 200) throw new Error(`pressed: ${pressed.status}`);
  });
  await untilStored(url, key, Array.from({ length: count }, (_, i) => i + 1));
  const commits = lines.filter((line) => line.event === "RECORDING_STORED").map((line) => line.commit_seconds * 1000);
  row("last byte to stored, 50 downloads at once",
    `p50 ${percentile(commits, 0.5).toFixed(1)} ms, p99 ${percentile(commits, 0.99).toFixed(1)} ms`);

  lines.length = 0;
  await addRecordings(provider, url, key, 100001, 300);
  cli(dataDir, "business", "set", "bench", "--limit", "3");
  for (let i = 100001; i < 100301; i += 3) {
    const three = [i, i + 1, i + 2];
    await Promise.all(three.map((n) => ask("GET", `${url}/api/recordings/${sid("CA", n)}/stream`, auth(key))));
    await untilStored(url, key, three);
  }
  const calm = lines.filter((line) => line.event === "RECORDING_STORED").map((line) => line.commit_seconds * 1000);
  row("last byte to stored, 3 downloads at once",
    `p50 ${percentile(calm, 0.5).toFixed(1)} ms, p99 ${percentile(calm, 0.99).toFixed(1)} ms`);

  const readers = await slowReaders(url, key, sid("CA", 1), 2000);
  row("resident memory, 2,000 slow readers", `${residentMb(child.pid).toFixed(1)} MB`);
  for (const reader of readers) reader.destroy();
  await stop(child);
}

// Each connection requests a whole recording and reads nothing.
async function slowReaders(url, key, name, count) {
  const { port } = new URL(url);
  const readers = [];
  for (let i = 0; i < count; ++i) {
    const socket = net.connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.pause();
    socket.on("error", () => {});
    socket.write(`GET /api/recordings/${name}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    readers.push(socket);
  }
  // A request that is answered after them went through the same loops.
  await ask("GET", `${url}/healthz`, {});
  return readers;
}

// The rows are written directly: 100,000 stored and 1,000 waiting.
async function benchStart(provider) {
  const dataDir = join(work, "start");
  cli(dataDir, "business", "add", "bench", "--account-sid", account, "--auth-token", "token");
  const sql = `
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101000)
      INSERT INTO calls (business_id, call_sid, from_party, to_party, started_at, search_text)
      SELECT 'bench', printf('CA%032x', i), '', '', i, '' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 101000)
      INSERT INTO recordings (business_id, call_sid, account_sid, recording_sid, sid, state, lane, wanted_order, blob_key,
                              size_bytes, content_type, sha256, stored_at)
      SELECT 'bench', printf('CA%032x', i), '${account}', printf('RE%032x', i), printf('CA%032x', i),
             iif(i <= 100000, 'stored', 'queued'), 'play', i, 'x', 1, 'audio/mpeg', 'x', i FROM n;`;
  execFileSync("sqlite3", [join(dataDir, "tapedeck.db")], { input: sql });
  const took = [];
  for (let i = 0; i < 5; ++i) {
    const { child, readyMs } = await startServer(dataDir, provider, []);
    took.push(readyMs);
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  row("start to ready, 100,000 stored and 1,000 waiting", `median of 5: ${percentile(took, 0.5).toFixed(0)} ms`);
}

try {
  const fsync = fsyncMs();
  row("peer: write 4 kB and fsync, this disk", `p50 ${percentile(fsync, 0.5).toFixed(1)} ms, p99 ${percentile(fsync, 0.99).toFixed(1)} ms`);
  const provider = await startSimulator();
  await ask("POST", `${provider}/_sim/accounts`, { "content-type": "application/json" }, JSON.stringify({ sid: account, token: "token" }));
  await benchPress();
  await benchFetch(provider);
  await benchStart(provider);
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
  agent.destroy();
}
