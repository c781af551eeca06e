// The slots on one Redis, compared with BullMQ, groupmq and redis-benchmark in the same run: complete cycles, the cost of a
// transition in Redis, memory, hand-offs, fairness. With two cores, Redis has one and its clients have the other.
//
//   ./dev bench slots [--seconds 5] [--rounds 3] [--large]      --large: a million waiting, which takes 1 GB and minutes
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import net from "node:net";

const run = promisify(execFile);
const here = new URL("slots", import.meta.url).pathname;
const bin = process.env.TAPEDECK_BIN_DIR ?? new URL("../build/release/bin", import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    large: { type: "boolean", default: false },
  },
});
const seconds = values.seconds;
const rounds = Number(values.rounds);
const limit = 3; // of a business, by default
const cores = (availableParallelism?.() ?? cpus().length) > 1;
const on = (core, command) => (cores ? ["taskset", "-c", String(core), ...command] : command);
const work = mkdtempSync(join(tmpdir(), "tapedeck-slots-"));

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const port = await freePort();
const [program, ...words] = on(0, ["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", work,
  "--appendonly", "no", "--maxmemory-policy", "noeviction"]);
const redis = spawn(program, words, { stdio: "ignore" });
redis.unref();
process.on("exit", () => {
  redis.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
});

const ask = async (...question) => (await run("redis-cli", ["-p", String(port), ...question])).stdout.trim();
for (let i = 0; (await ask("PING").catch(() => "")) !== "PONG"; ++i) {
  if (i > 100) throw new Error("redis-server does not start");
  await pause(50);
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const row = (what, text) => console.log(`${what.padEnd(66)} ${text}`);
const goal = (isMet) => (isMet ? "" : "  (short of the goal)");

async function measure(command) {
  const [first, ...rest] = on(1, command);
  const { stdout } = await run(first, rest, { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split("\n").at(-1));
}
const ours = (...more) => measure([join(bin, "slots_bench"), "--redis", `redis://127.0.0.1:${port}`, ...more]);
const peer = (name) => measure(["node", join(here, "peer.mjs"), name, String(port), seconds]);

// Calls and microseconds of Redis for each command since the last CONFIG RESETSTAT.
async function statistics() {
  const lines = (await ask("INFO", "commandstats")).split("\n");
  return Object.fromEntries(lines.flatMap((line) => {
    const found = /^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/.exec(line);
    return found ? [[found[1], { calls: Number(found[2]), us: Number(found[3]) }]] : [];
  }));
}
const memory = async () => Number(/used_memory:(\d+)/.exec(await ask("INFO", "memory"))[1]);

async function costOfMix(...more) {
  await ask("CONFIG", "RESETSTAT");
  await ours("mix", ...more);
  const { evalsha } = await statistics();
  return evalsha.us / evalsha.calls;
}

// The rate of redis-benchmark with a script that costs Redis as many microseconds.
async function benchmarkOfCost(us, connections) {
  const script = "local x = 0 for i = 1, tonumber(ARGV[1]) do x = x + i % 7 end return x";
  const sha = await ask("SCRIPT", "LOAD", script);
  const one = async (steps, requests) => {
    await ask("CONFIG", "RESETSTAT");
    const [first, ...rest] = on(1, ["redis-benchmark", "-p", String(port), "-c", String(connections), "-n", String(requests),
      "--csv", "EVALSHA", sha, "0", String(steps)]);
    const { stdout } = await run(first, rest);
    const { evalsha } = await statistics();
    return { perSecond: Number(stdout.trim().split("\n").at(-1).split(",")[1].replaceAll('"', "")), us: evalsha.us / evalsha.calls };
  };
  const [few, many] = [await one(100, 20_000), await one(2_000, 20_000)];
  const steps = Math.round(100 + ((us - few.us) * 1_900) / (many.us - few.us));
  return one(Math.max(1, steps), 100_000);
}

const results = { ours: [], bullmq: [], groupmq: [], cost: [], share: [] };
const workers = 64;
const scriptsOfACycle = 2; // request, and finish with the next claim
for (let round = 0; round < rounds; ++round) {
  await ask("FLUSHALL");
  await ask("CONFIG", "RESETSTAT");
  const cycle = await ours("cycles", "--businesses", "1000", "--workers", String(workers), "--seconds", seconds);
  const { evalsha } = await statistics();
  results.ours.push(cycle.per_second);
  const us = evalsha.us / evalsha.calls;
  results.cost.push(us);
  await ask("FLUSHALL");
  const reached = await benchmarkOfCost(us, workers + 1);
  results.share.push((scriptsOfACycle * cycle.per_second) / reached.perSecond);
  for (const name of ["bullmq", "groupmq"]) {
    await ask("FLUSHALL");
    results[name].push((await peer(name)).per_second);
  }
}
const [us, cycles, bullmq, groupmq, share] = [results.cost, results.ours, results.bullmq, results.groupmq, results.share].map(median);
row("complete cycles, limit on, 1,000 businesses (goal 15,000/s)", `${cycles}/s${goal(cycles >= 15_000)}`);
row("  beside BullMQ without a limit (goal 1.2)", `${bullmq}/s: ${(cycles / bullmq).toFixed(2)}${goal(cycles >= 1.2 * bullmq)}`);
row("  beside groupmq, one at a time in a group (goal 3)", `${groupmq}/s: ${(cycles / groupmq).toFixed(2)}${goal(cycles >= 3 * groupmq)}`);
row("  a script in Redis meanwhile; a cycle is two, for a finish is also the next claim", `${us.toFixed(1)} us`);
row("scripts beside redis-benchmark with such of the same cost (goal 0.8)", `${share.toFixed(2)}${goal(share >= 0.8)}`);

await ask("FLUSHALL");
await ours("fill", "--businesses", "100", "--each", "13");
const few = await costOfMix("--businesses", "100", "--cycles", "20000");
row("Redis time per transition, 1,000 waiting (goal 20 us)", `${few.toFixed(1)} us${goal(few <= 20)}`);

// The first three of a business have slots and cost more than waiting ones, so the cost of waiting is the difference.
const [many, businesses] = values.large ? [1_000_000, 100_000] : [100_000, 10_000];
async function memoryOf(each) {
  await ask("FLUSHALL");
  const empty = await memory();
  await ours("fill", "--businesses", String(businesses), "--each", String(each));
  return (await memory()) - empty;
}
const ofSlots = await memoryOf(limit);
const ofAll = await memoryOf(limit + many / businesses);
const added = (ofAll - ofSlots) / many;
row(`memory in Redis that a waiting recording adds, ${many} in ${businesses} businesses (goal 400 bytes)`, `${added.toFixed(0)} bytes${goal(added <= 400)}`);
row(`  of a business without any waiting, its ${limit} slots taken`, `${(ofSlots / businesses).toFixed(0)} bytes`);
row("  all memory, divided by the waiting recordings alone", `${(ofAll / many).toFixed(0)} bytes`);
const lots = await costOfMix("--businesses", String(businesses), "--cycles", "20000");
row(`Redis time per transition, ${many} waiting in ${businesses} businesses (goal 35 us)`, `${lots.toFixed(1)} us${goal(lots <= 35)}`);

await ask("FLUSHALL");
const handOff = await ours("hand-off");
row("finish to the next one's start on another worker (goal p50 1, p99 5 ms)",
  `p50 ${handOff.p50_ms}, p99 ${handOff.p99_ms} ms${goal(handOff.p50_ms <= 1 && handOff.p99_ms <= 5)}`);

await ask("FLUSHALL");
const fair = await ours("fairness");
row("fairness over 1,000 businesses, Jain's index over starts (goal 0.99)", `${fair.jain}${goal(fair.jain >= 0.99)}`);

await ask("FLUSHALL");
const beside = await ours("neighbours");
row("100 businesses with one each beside one with 100,000: the longest wait (goal: one service time, 200 ms)",
  `${beside.others_max_ms} ms${goal(beside.others_max_ms <= beside.service_ms)}`);
row("a press while 100,000 automatic fetches of the same business wait (goal: one service time, 200 ms)",
  `${beside.press_ms} ms${goal(beside.press_ms <= beside.service_ms)}`);
