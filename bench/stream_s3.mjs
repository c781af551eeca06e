// Streams a recording from an object store through an API. The peer is nginx as a proxy in front of the same origin: same run,
// as many loops as nginx workers, wrk for both, in alternating pairs. The origin is another nginx, which serves the object as a
// file, so that it is not the bottleneck.
//
//   ./dev bench stream_s3
//
// PAIRS (5), SECONDS_EACH (3) and CONNECTIONS (64) change the run. Ends with status 1 when the ratio is below 0.8.

import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { startNginx } from '../tools/services/nginx.mjs';
import { startSim } from '../tests/e2e/support/sim.mjs';
import { makeTapedeck } from '../tests/e2e/support/tapedeck.mjs';

const run = promisify(execFile);
const goal = 0.8;
const seconds = 120; // 480 kB of the provider's MP3, which is 4,000 bytes a second
const pairs = Number(process.env.PAIRS ?? 5);
const secondsEach = Number(process.env.SECONDS_EACH ?? 3);
const connections = Number(process.env.CONNECTIONS ?? 64);
const loops = '2';
const bucket = 'bucket';

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function load(url, headers = []) {
  const { stdout } = await run('wrk', ['-t1', `-c${connections}`, `-d${secondsEach}s`, ...headers.flatMap((header) => ['-H', header]), url]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
}

// This run has its own folder for nginx.
async function originFolder(work, key, bytes) {
  const file = path.join(work, 'origin', bucket, key);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, bytes);
  return path.join(work, 'origin');
}

const work = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-bench-'));
const ends = [() => rm(work, { recursive: true, force: true })];
let isBelow = false;
try {
  // The recording is first fetched into a folder; then the same process plays it from the object store.
  const sim = await startSim();
  ends.unshift(() => sim.stop());
  const deck = await makeTapedeck({ sim, nodes: null, settings: { HTTP_LOOPS: loops } });
  ends.unshift(() => deck.destroy());
  await deck.start();
  const account = await sim.addAccount();
  const business = await deck.addBusiness('bench', account);
  const call = await deck.tell(business, await sim.addRecording({ account: account.sid, duration_s: seconds }));
  const { body } = await deck.play(business, call);
  const [blob] = (await deck.blobFiles()).filter(({ path: name }) => !name.startsWith('.'));
  await deck.stop();

  const root = await originFolder(work, blob.path, body);
  const origin = await startNginx(root, {
    http: (port) => `keepalive_requests 100000000; server { listen 127.0.0.1:${port}; root ${root}; }`,
  });
  ends.unshift(() => origin.stop());
  const proxyFolder = path.join(work, 'proxy');
  await mkdir(proxyFolder);
  const proxy = await startNginx(proxyFolder, {
    workers: Number(loops),
    http: (port) => `
      keepalive_requests 100000000;
      upstream origin { server 127.0.0.1:${origin.port}; keepalive 256; keepalive_requests 100000000; }
      server {
        listen 127.0.0.1:${port} reuseport;
        location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_max_temp_file_size 0; }
      }`,
  });
  ends.unshift(() => proxy.stop());

  await deck.start({
    settings: {
      STORAGE_URL: `s3://${bucket}?endpoint=${encodeURIComponent(`http://127.0.0.1:${origin.port}`)}`,
      AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench',
    },
  });
  const ours = `${deck.url}/api/recordings/${call}/stream`;
  const headers = [`Authorization: Bearer ${business.key}`];
  const theirs = `http://127.0.0.1:${proxy.port}/${bucket}/${blob.path}`;
  const played = await deck.press(business, call);
  if (played.status !== 200 || !played.body.equals(body)) throw new Error(`the server answers ${played.status}`);

  const figures = { ours: [], theirs: [] };
  for (let pair = 0; pair < pairs; ++pair) {
    figures.ours.push(await load(ours, headers));
    figures.theirs.push(await load(theirs));
  }
  const ratio = median(figures.ours) / median(figures.theirs);
  isBelow = ratio < goal;
  console.log(`480 kB from an object store, ${connections} connections, ${pairs} pairs of ${secondsEach} s, medians`);
  console.log(`tapedeck ${median(figures.ours).toFixed(0)}/s   nginx as a proxy ${median(figures.theirs).toFixed(0)}/s   ratio ${ratio.toFixed(2)}${isBelow ? ` below ${goal}` : ' ok'}`);
} finally {
  for (const end of ends) await end();
}
process.exit(isBelow ? 1 : 0);
