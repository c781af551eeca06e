// The cost of fetching: processor time for each GB, compared with curl --parallel on the same URLs; memory with many downloads
// that never end; the gain of a second worker where the speed of the provider is the bottleneck.
//
//   ./dev bench fetch [cpu|memory|workers]
//
// SHA-256, which curl does not compute, is measured separately and deducted. The disk is that of the temporary directory.

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { startSim } from '../tests/e2e/support/sim.mjs';
import { makeTapedeck } from '../tests/e2e/support/tapedeck.mjs';
import { until } from '../tools/services/until.mjs';

const run = promisify(execFile);
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const patienceMs = 600_000;
const processorRounds = 5;
const which = process.argv[2];

// Processor time of the process and the children that it has waited for, in seconds.
function processorSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

const row = (what, text) => console.log(`${what.padEnd(64)} ${text}`);

async function withDeck(options, task) {
  const sim = await startSim();
  let deck;
  try {
    deck = await makeTapedeck({ sim, nodes: null, ...options });
    await deck.start();
    await task(sim, deck);
  } finally {
    await deck?.destroy();
    await sim.stop();
  }
}

async function pressAll(deck, business, recordings) {
  for (const one of recordings) {
    const call = await deck.tell(business, one);
    await deck.press(business, call);
  }
}

const completed = async (sim, account) => (await sim.stats()).accounts[account.sid]?.completed ?? 0;

function hashSeconds(bytes) {
  const piece = Buffer.alloc(1 << 20, 7);
  const before = process.cpuUsage();
  for (let i = 0; i < bytes / piece.length; ++i) createHash('sha256').update(piece).digest();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

// Recordings of 16 MB: an hour and seven minutes of MP3. Without waveforms, which curl does not make.
async function processorRound() {
  const count = 64;
  const duration = 4_000;
  let figures;
  await withDeck({ settings: { HTTP_LOOPS: '1', PEAKS_THREADS: '0' } }, async (sim, deck) => {
    const account = await sim.addAccount();
    const business = await deck.addBusiness('bench', account, '--limit', '32');
    const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: duration });
    const began = processorSeconds(deck.pid);
    await pressAll(deck, business, recordings);
    await until('the downloads', () => deck.queue(business), ({ active_count: active, queue_length: waiting }) => active + waiting === 0, patienceMs);
    const ours = processorSeconds(deck.pid) - began;
    const bytes = Number((await run('du', ['-sb', path.join(deck.dataDir, 'recordings')])).stdout.split('\t')[0]);
    if (bytes < count * duration * 3_900) throw new Error(`only ${bytes} bytes were stored`);

    const work = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-bench-'));
    try {
      const config = recordings.map((one) => `url = "${sim.url}${sim.mediaPath(one)}"\noutput = "${work}/${one.sid}.mp3"`).join('\n');
      await writeFile(path.join(work, 'urls'), config);
      const { stderr } = await run('bash', ['-c', `TIMEFORMAT='%U %S'; time curl -s --parallel --parallel-max 32 -u ${account.sid}:${account.token} -K ${work}/urls`]);
      const curl = stderr.trim().split('\n').at(-1).split(' ').reduce((sum, text) => sum + Number(text), 0);
      const hash = hashSeconds(bytes);
      const perGb = (seconds) => seconds / (bytes / 1e9);
      figures = { gigabytes: bytes / 1e9, ours: perGb(ours), hash: perGb(hash), curl: perGb(curl), ratio: (ours - hash) / curl };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
  return figures;
}

// The cost of writing to a disk varies, so the median of several rounds counts.
async function benchProcessor() {
  const rounds = [];
  for (let i = 0; i < processorRounds; ++i) rounds.push(await processorRound());
  rounds.sort((a, b) => a.ratio - b.ratio);
  const { gigabytes, ours, hash, curl, ratio } = rounds[Math.floor(rounds.length / 2)];
  row(`processor time to fetch ${gigabytes.toFixed(2)} GB, 32 at once`,
    `tapedeck ${ours.toFixed(2)} s/GB, of it SHA-256 ${hash.toFixed(2)}; curl ${curl.toFixed(2)} s/GB; ratio without SHA-256 ` +
    `${ratio.toFixed(2)} (${rounds[0].ratio.toFixed(2)} to ${rounds.at(-1).ratio.toFixed(2)} in ${rounds.length} rounds)`);
}

async function benchMemory() {
  const count = 64;
  await withDeck({ settings: { HTTP_LOOPS: '1', MAX_CONCURRENT_DOWNLOADS: '128' } }, async (sim, deck) => {
    const account = await sim.addAccount();
    const business = await deck.addBusiness('bench', account, '--limit', String(count));
    await sim.addRule({ fault: 'endless', account: account.sid });
    const idle = residentMb(deck.pid);
    await pressAll(deck, business, await sim.addRecordings({ account: account.sid, count, duration_s: 60 }));
    await until('all downloads', async () => (await sim.stats()).accounts[account.sid]?.current, (current) => current === count, patienceMs);
    let most = 0;
    for (let i = 0; i < 50; ++i, await pause(100)) most = Math.max(most, residentMb(deck.pid));
    row(`resident memory, ${count} downloads that never end`, `${most.toFixed(1)} MB; idle ${idle.toFixed(1)} MB`);
  });
}

// Each download is slow enough to leave the machine idle.
async function benchWorkers() {
  const seconds = {};
  for (const workers of [1, 2]) {
    const nodes = ['api', ...Array.from({ length: workers }, () => 'worker')];
    await withDeck({ nodes, settings: { MAX_CONCURRENT_DOWNLOADS: '16' } }, async (sim, deck) => {
      const businesses = [];
      for (let i = 0; i < 16; ++i) {
        const account = await sim.addAccount();
        await sim.addRule({ fault: 'drip', account: account.sid, bytes_per_second: 20_000 });
        const business = await deck.addBusiness(`b${i}`, account);
        const recordings = await sim.addRecordings({ account: account.sid, count: 20, duration_s: 3 });
        businesses.push({ account, business, recordings });
      }
      for (const { business, recordings } of businesses) for (const one of recordings) await deck.tell(business, one);
      const began = performance.now();
      for (const { business, recordings } of businesses) for (const one of recordings) await deck.press(business, one.call);
      for (const { account } of businesses) await until('the downloads', () => completed(sim, account), (done) => done === 20, patienceMs);
      seconds[workers] = (performance.now() - began) / 1000;
    });
  }
  row('320 slow downloads, 16 at once for each worker',
    `one worker ${seconds[1].toFixed(1)} s, two ${seconds[2].toFixed(1)} s: ${(seconds[1] / seconds[2]).toFixed(2)} x`);
}

const benches = { cpu: benchProcessor, memory: benchMemory, workers: benchWorkers };
if (which !== undefined && !benches[which]) {
  console.error(`fetch: expected one of ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(benches)) if (which === undefined || which === name) await bench();
