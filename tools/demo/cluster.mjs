// The demo on many processes: PostgreSQL, Redis, an S3 server, the simulator of the provider, two APIs, two workers, and nginx in
// front, each on a free port. ./dev demo --cluster starts it; Ctrl-C ends everything. Calls and recordings stay in
// build/demo-cluster for the next start.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { freePort } from '../services/free_port.mjs';
import { startNginx } from '../services/nginx.mjs';
import { startPostgres } from '../services/postgres.mjs';
import { startRedis } from '../services/redis.mjs';
import { startS3 } from '../services/s3.mjs';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = path.join(process.env.TAPEDECK_BIN_DIR ?? path.join(repository, 'build/release/bin'), 'tapedeck');
const folder = path.resolve(process.env.DATA_DIR ?? path.join(repository, 'build/demo-cluster'));
const nameWidth = 9;
const stopMs = 20_000;

/** The processes to end, in this order. */
const running = [];

// The same at each start, so that the credentials in the database can be opened.
async function secretKey() {
  const file = path.join(folder, 'secret.key');
  const made = randomBytes(32).toString('base64');
  await writeFile(file, made, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return readFile(file, 'utf8');
}

// Starts a process. Its log goes to the terminal, with its name before each line. Resolves with the matches when each of
// `patterns` has matched a line.
async function startNode(name, words, settings, patterns) {
  const env = { PATH: process.env.PATH, LISTEN: '127.0.0.1:0', DATA_DIR: path.join(folder, name.replace(' ', '-')), ...settings };
  const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const exited = new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve));
  running.unshift({
    name,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await exited;
      clearTimeout(late);
    },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const node = { name, said: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (node.said += text));
  await new Promise((resolve, reject) => {
    const left = new Map(Object.entries(patterns));
    createInterface({ input: child.stderr }).on('line', (line) => {
      console.error(`${name.padEnd(nameWidth)}| ${line}`);
      for (const [what, pattern] of left) {
        const found = pattern.exec(line);
        if (!found) continue;
        node[what] = found[1].replace(/\/$/, '');
        left.delete(what);
      }
      if (left.size === 0) resolve();
    });
    exited.then((code) => reject(new Error(`${name} ended with ${code}`)), reject);
  });
  return node;
}

const ready = { url: /SERVER_READY url=(\S+)/ };

const proxy = (nodes) => (port) => `
  upstream tapedeck { ${nodes.map(({ url }) => `server ${new URL(url).host};`).join(' ')} keepalive 32; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://tapedeck;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_max_temp_file_size 0;
    }
  }`;

async function start() {
  await mkdir(folder, { recursive: true });
  const keep = (name) => ({ folder: path.join(folder, name), detached: true });
  // Slots are rebuilt from the call store, so Redis need not keep anything.
  const [postgres, redis, s3] = await Promise.all([
    startPostgres(keep('postgres')), startRedis({ tcp: true, detached: true }), startS3(keep('s3')),
  ]);
  running.push({ name: 'Redis', stop: () => redis.destroy() }, { name: 'S3', stop: () => s3.kill() },
    { name: 'PostgreSQL', stop: () => postgres.stop() });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = {
    DATABASE_URL: await postgres.database('tapedeck'), REDIS_URL: redis.url, SECRET_KEY: await secretKey(),
    PUBLIC_URL: url, ...(await s3.environment('recordings')),
  };
  // The first API has the sample calls and the simulator, which all workers use.
  const first = await startNode('api 1', ['demo', ...process.argv.slice(2)], settings,
    { ...ready, provider: /DEMO_PROVIDER url=(\S+)/ });
  const more = { ...settings, TWILIO_BASE_URL: first.provider };
  const second = await startNode('api 2', ['serve'], more, ready);
  const workers = [];
  for (const name of ['worker 1', 'worker 2']) {
    workers.push(await startNode(name, ['serve'], { ...more, ENABLE_SCHEDULERS: 'true' }, ready));
  }
  const nginxFolder = path.join(folder, 'nginx');
  await mkdir(nginxFolder, { recursive: true });
  const nginx = await startNginx(nginxFolder, { http: proxy([first, second]), port, detached: true });
  running.unshift({ name: 'nginx', stop: () => nginx.stop() });

  console.log(first.said.replace(/^ {2}Logs .*\n/m, '').replace(/^ {2}Data .*\n/m, ''));
  console.log(`  nginx       ${url}, before the two APIs
  APIs        ${first.url}, ${second.url}
  Workers     ${workers.map((worker) => `${worker.url}/metrics`).join(', ')}
  Provider    ${first.provider} (a simulator)
  PostgreSQL  ${settings.DATABASE_URL}
  Redis       ${redis.url}
  S3          ${s3.url}, bucket recordings
  Data        ${folder}, ${postgres.data}
  Logs        this terminal, by process
`);
}

async function stop() {
  for (const { name, stop: end } of running.splice(0)) {
    await end().catch((error) => console.error(`${name} did not end: ${error.message}`));
  }
}

const interrupted = new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
try {
  await Promise.race([start(), interrupted]);
  await interrupted;
  await stop();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
  await stop();
}
process.exit();
