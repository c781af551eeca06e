// Imports a history from the simulator into a folder and into an S3 server. The peers are aria2c, which fetches the same URLs
// with as many connections and without rows, hashes or syncs, and the rate of PUTs of the S3 server.
//
//   ./dev bench import [folder|s3]
//
// RECORDINGS (20000), BUSINESSES (50) and SECONDS_OF_SOUND (30) change the run. Ends with status 1 below the goals.

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { startS3 } from '../tools/services/s3.mjs';
import { until } from '../tools/services/until.mjs';
import { startSim } from '../tests/e2e/support/sim.mjs';
import { makeTapedeck } from '../tests/e2e/support/tapedeck.mjs';

const run = promisify(execFile);
const recordings = Number(process.env.RECORDINGS ?? 20_000);
const businesses = Number(process.env.BUSINESSES ?? 50);
const soundSeconds = Number(process.env.SECONDS_OF_SOUND ?? 30);
const limit = 3;
const connections = businesses * limit;
const goals = { folder: 0.8, s3: 0.9 };
const importsAtOnce = 8;
const patienceMs = 3_600_000;
const putCount = 5_000;
const which = process.argv[2];

async function makeHistory() {
  const sim = await startSim();
  const accounts = [];
  for (let i = 0; i < businesses; ++i) {
    const account = await sim.addAccount();
    account.recordings = await sim.addRecordings({ account: account.sid, count: recordings / businesses, duration_s: soundSeconds });
    accounts.push(account);
  }
  return { sim, accounts };
}

const started = (words, options) =>
  new Promise((resolve, reject) => {
    const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'ignore', 'inherit'], ...options });
    child.once('error', reject).once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${words[0]} ended with ${code}`))));
  });

// Seconds until everything is stored.
async function importAll({ sim, accounts }, settings = {}) {
  const deck = await makeTapedeck({
    sim, nodes: null,
    // A quarter is reserved for presses of play.
    settings: { MAX_CONCURRENT_DOWNLOADS: String(Math.ceil((connections * 4) / 3)), MAX_SLOTS_PER_BUSINESS: String(limit), LOG_LEVEL: 'warning', ...settings },
  });
  try {
    for (const [i, account] of accounts.entries()) account.business = await deck.addBusiness(`b${i}`, account);
    await deck.start({ settings: { LOG_LEVEL: 'info' } });
    const began = performance.now();
    const before = (await sim.stats()).accounts;
    const waiting = [...accounts];
    const importSome = async () => {
      for (let account = waiting.shift(); account; account = waiting.shift()) {
        await deck.command('import', '--business', account.business.id, '--no-wait');
      }
    };
    await Promise.all(Array.from({ length: importsAtOnce }, importSome));
    const stored = async () => Number(/tapedeck_recordings_stored_total (\d+)/.exec((await deck.request('GET', '/metrics')).body)?.[1] ?? 0);
    await until('the import', stored, (count) => count >= recordings, patienceMs);
    const seconds = (performance.now() - began) / 1000;
    const stats = (await sim.stats()).accounts;
    const most = Math.max(...accounts.map(({ sid }) => stats[sid].greatest));
    const fetched = accounts.reduce((sum, { sid }) => sum + stats[sid].completed - (before[sid]?.completed ?? 0), 0);
    return { seconds, most, fetched };
  } finally {
    await deck.destroy();
  }
}

async function fetchAll({ sim, accounts }) {
  const work = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-bench-'));
  try {
    const lines = accounts.flatMap((account) => account.recordings.map((one) =>
      `${sim.url}${sim.mediaPath(one)}\n  out=${one.sid}.mp3\n  http-user=${account.sid}\n  http-passwd=${account.token}`));
    await writeFile(path.join(work, 'urls'), lines.join('\n'));
    const began = performance.now();
    await started(['aria2c', '--quiet', '--http-auth-challenge=false', '--file-allocation=none', '--no-conf', `--max-concurrent-downloads=${connections}`,
      '--max-connection-per-server=1', '--split=1', '--dir', work, '--input-file', path.join(work, 'urls')]);
    return (performance.now() - began) / 1000;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const rate = (seconds) => recordings / seconds;
let isBelow = false;

function report(what, ours, theirs, peer, goal) {
  const ratio = rate(ours.seconds) / theirs;
  if (ratio < goal) isBelow = true;
  console.log(`${what.padEnd(28)} tapedeck ${rate(ours.seconds).toFixed(0)}/s (${ours.seconds.toFixed(1)} s, at most ${ours.most} at once of one business, ` +
    `${ours.fetched} fetches)   ${peer} ${theirs.toFixed(0)}/s   ratio ${ratio.toFixed(2)}${ratio < goal ? ` below ${goal}` : ' ok'}`);
}

async function benchFolder() {
  const history = await makeHistory();
  try {
    const ours = await importAll(history); // first: the simulator reports the greatest number of downloads so far
    report(`${recordings} into a folder`, ours, rate(await fetchAll(history)), 'aria2c', goals.folder);
  } finally {
    await history.sim.stop();
  }
}

// Signed PUTs of as many bytes by curl, which stores and checks nothing.
async function putRate(s3, settings, bytes) {
  const work = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-bench-'));
  try {
    const body = path.join(work, 'body');
    await writeFile(body, 'x'.repeat(bytes));
    const hash = createHash('sha256').update('x'.repeat(bytes)).digest('hex');
    await s3.environment('puts');
    const objects = Array.from({ length: putCount }, (_, i) => `upload-file = "${body}"\nurl = "${s3.url}/puts/${i}"\noutput = /dev/null`);
    await writeFile(path.join(work, 'objects'), objects.join('\n'));
    const began = performance.now();
    const { stdout } = await run('curl', ['--silent', '--parallel', '--parallel-max', String(connections), '--aws-sigv4', 'aws:amz:us-east-1:s3',
      '--user', `${settings.AWS_ACCESS_KEY_ID}:${settings.AWS_SECRET_ACCESS_KEY}`, '--header', 'Content-Type: audio/mpeg', '--header', 'Expect:', '--header', `x-amz-content-sha256: ${hash}`,
      '--write-out', '%{http_code}\n', '--config', path.join(work, 'objects')]);
    const seconds = (performance.now() - began) / 1000;
    const stored = stdout.split('\n').filter((status) => status === '200').length;
    if (stored !== putCount) throw new Error(`${stored} of ${putCount} PUTs were answered 200: ${stdout.slice(0, 200)}`);
    return putCount / seconds;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function benchS3() {
  const history = await makeHistory();
  const s3 = await startS3();
  try {
    const settings = await s3.environment('imports');
    const { media } = await history.sim.recording(history.accounts[0].recordings[0].sid);
    const theirs = await putRate(s3, settings, media.mp3_1.bytes ?? 4_000 * soundSeconds);
    // Waveforms are not part of the import, and would double the PUTs.
    report(`${recordings} into an S3 server`, await importAll(history, { ...settings, PEAKS_THREADS: '0' }), theirs, 'its own PUTs', goals.s3);
  } finally {
    await s3.destroy();
    await history.sim.stop();
  }
}

const benches = { folder: benchFolder, s3: benchS3 };
if (which !== undefined && !benches[which]) {
  console.error(`import: expected one of ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(benches)) if (which === undefined || which === name) await bench();
process.exit(isBelow ? 1 : 0);
