// Chaos: two APIs, three workers, a Redis and the simulator, with faults for so many minutes. At the end every accepted
// recording must be stored with the right bytes, the provider must never have seen more than three downloads of a business at
// once, and Redis must be empty.
//
//   ./dev chaos --minutes 30 --seed 7 [--cluster]
//
// With --cluster the processes share a PostgreSQL and an S3 server, which fail too; without, they share one DATA_DIR, whose disk
// fills up. This disk is a tmpfs, which needs root to mount. Without root, or with --no-mount, files are prevented from growing
// instead, which has the same effect on the processes.

import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';

import { startCluster } from './cluster.mjs';
import { Downloads } from './downloads.mjs';
import * as faults from './faults.mjs';
import { seeded } from '../e2e/support/random.mjs';

const askEveryMs = 60;
const lookEveryMs = 2_000;
const restMs = 240_000;
// Interval between faults of each kind, in ms; the faults of one line never overlap.
const schedule = [
  [{ fault: faults.killWorker, everyMs: 3_400 }],
  [{ fault: faults.killMember, everyMs: 16_000 }],
  [{ fault: faults.stopWorker, everyMs: 15_000 }],
  [
    { fault: faults.restartRedis, everyMs: 60_000 },
    { fault: faults.forgetAll, everyMs: 80_000 },
    { fault: faults.pauseRedis, everyMs: 60_000 },
    { fault: faults.cutOff, everyMs: 40_000 },
  ],
  [{ fault: faults.providerFault, everyMs: 20_000 }],
];
const ofOneDisk = [[{ fault: faults.fillDisk, everyMs: 40_000 }]];
const ofSharedStores = [
  [{ fault: faults.restartPostgres, everyMs: 40_000 }],
  [{ fault: faults.storageFault, everyMs: 25_000 }],
];
// Room for the recordings of so many minutes; a full disk takes as much memory.
const diskMegabytes = (minutes) => Math.ceil(64 + 24 * minutes);

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    'no-mount': { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('usage: ./dev chaos [--minutes N] [--seed N] [--cluster] [--verbose] [--no-mount]');
  process.exit(2);
}

const counts = {
  kills: 0, killsOfOpen: 0, stops: 0, redisRestarts: 0, truncations: 0, flushes: 0, pauses: 0, cuts: 0, providerFaults: 0,
  fullDisks: 0, feltFullDisks: 0, postgresRestarts: 0, storageFaults: 0,
};
console.log(`chaos for ${minutes} min, seed ${seed}`);
const disk = { megabytes: diskMegabytes(minutes), mayMount: !values['no-mount'] };
const cluster = await startCluster(seed, disk, { shares: values.cluster });
console.log(`the disk is ${cluster.disk.what}`);
for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15], ['SIGHUP', 1]]) {
  process.once(signal, () => cluster.stop().finally(() => process.exit(128 + number)));
}
const downloads = new Downloads(cluster.sim);
const end = Date.now() + minutes * 60_000;
const problems = [];

async function cause(kinds, random) {
  const next = kinds.map(({ everyMs }) => Date.now() + random.between(0.2, 1) * everyMs);
  for (;;) {
    const first = next.indexOf(Math.min(...next));
    if (next[first] >= end) return;
    await pause(Math.max(0, next[first] - Date.now()));
    const { fault, everyMs } = kinds[first];
    if (values.verbose) console.log(`${new Date().toISOString()} ${fault.name}`);
    await fault({ cluster, downloads, random, counts });
    next[first] = Math.max(next[first] + random.between(0.6, 1.4) * everyMs, Date.now());
  }
}

async function load(random) {
  while (Date.now() < end) {
    const asking = cluster.ask(random);
    await Promise.all([asking, pause(askEveryMs)]);
  }
}

async function look() {
  while (Date.now() < end) {
    await cluster.unfinished();
    await pause(lookEveryMs);
  }
}

async function untilAtRest() {
  await cluster.sim.clearRules();
  const deadline = Date.now() + restMs;
  const retried = new Set();
  for (;;) {
    const left = await cluster.unfinished();
    // A recording that lost several workers is given up on purpose; a person may retry it.
    for (const one of left.filter(({ state, call }) => state === 'failed' && !retried.has(call))) {
      retried.add(one.call);
      await cluster.deck.post(one.business, one.call, 'retry');
    }
    if (left.length === 0 || Date.now() > deadline) return { left, retried: retried.size };
    await pause(500);
  }
}

async function judge() {
  const { left, retried } = await untilAtRest();
  const stats = await cluster.sim.stats();
  const most = Math.max(...Object.values(stats.accounts).map(({ greatest }) => greatest));
  let wrong = 0;
  for (const one of cluster.asked.filter(({ isStored }) => isStored)) if (!(await cluster.hasRightBytes(one))) ++wrong;
  let slots = await cluster.slotsLeft();
  for (const deadline = Date.now() + 30_000; slots > 0 && Date.now() < deadline; slots = await cluster.slotsLeft()) await pause(500);
  const uploads = values.cluster ? await cluster.uploadsLeft() : 0;
  const extra = cluster.asked.reduce((sum, { sid }) => sum + Math.max(0, (stats.recordings[sid]?.requested ?? 0) - 1), 0);
  const lines = [
    ['accepted', cluster.asked.length], ['refused with 503', cluster.refused],
    ['kills', `${counts.kills}, of them with a download open ${counts.killsOfOpen}`], ['stops', counts.stops],
    ['Redis restarts', `${counts.redisRestarts}, of them with a cut log ${counts.truncations}`], ['FLUSHALL', counts.flushes],
    ['CLIENT PAUSE', counts.pauses], ['cut connections', counts.cuts], ['provider faults', counts.providerFaults],
    ...(values.cluster
      ? [['PostgreSQL restarts', counts.postgresRestarts], ['object store faults', counts.storageFaults],
        ['uploads left over', uploads]]
      : [['full disks', `${counts.fullDisks}, of them felt ${counts.feltFullDisks}`]]),
    ['fetches more than recordings', extra], ['given up and asked for again', retried],
    ['lost', left.length], ['wrong bytes', wrong], ["the provider's maximum of one business", most], ['left in Redis at rest', slots],
  ];
  for (const [what, value] of lines) console.log(`${what.padEnd(40)} ${value}`);
  if (left.length > 0) problems.push(`not stored: ${JSON.stringify(left.slice(0, 5))}`);
  if (wrong > 0) problems.push(`${wrong} recordings with wrong bytes`);
  if (most > 3) problems.push(`${most} downloads of one business at once`);
  if (slots > 0) problems.push(`${slots} slots, places or locks left in Redis`);
  if (uploads > 0) problems.push(`${uploads} uploads left over`);
  if (cluster.asked.length === 0) problems.push('nothing was asked for');
  if (counts.feltFullDisks * 2 < counts.fullDisks) problems.push('less than half of the full disks were felt');
  if (counts.killsOfOpen * 2 < counts.kills) problems.push('less than half of the kills hit an open download');
}

try {
  const random = seeded(seed);
  const tasks = [...schedule, ...(values.cluster ? ofSharedStores : ofOneDisk)].map((kinds, i) => cause(kinds, seeded(seed + i + 1)));
  await Promise.all([load(random), look(), ...tasks]);
  await judge();
} catch (error) {
  problems.push(error.stack);
}
if (problems.length > 0) {
  console.log(`FAILED, seed ${seed}:\n${problems.join('\n')}\n--- the last log lines\n${cluster.deck.lines.slice(-40).join('\n')}`);
}
await cluster.stop();
console.log(problems.length === 0 ? 'verdict: held' : 'verdict: broken');
process.exit(problems.length === 0 ? 0 : 1);
