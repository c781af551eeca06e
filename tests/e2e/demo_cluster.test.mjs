// The demo of a cluster: start, press play through nginx, listen, see which process did what, end, start again.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { until } from '../../tools/services/until.mjs';
import { makeDemoFolder } from './support/demo.mjs';
import { simBinary } from './support/sim.mjs';

const program = fileURLToPath(new URL('../../tools/demo/cluster.mjs', import.meta.url));
let folder;
let running;

before(async () => {
  folder = await makeDemoFolder();
  await chmod(folder.root, 0o755); // so that the database's user may enter
});

after(async () => {
  await running?.end();
  await folder.remove();
});

async function start() {
  const words = ['--audio', folder.root, '--calls', folder.calls, '--simulator', simBinary()];
  const child = spawn(process.execPath, [program, ...words], {
    env: { ...process.env, DATA_DIR: path.join(folder.root, 'cluster') }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const demo = { out: '', log: '', isOver: false };
  child.stdout.setEncoding('utf8').on('data', (text) => (demo.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (demo.log += text));
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)).finally(() => (demo.isOver = true));
  demo.end = () => {
    child.kill('SIGINT');
    return ended;
  };
  running = demo;
  await until('the welcome', () => demo.out.includes('Logs        this terminal') || demo.isOver);
  assert.ok(!demo.isOver, demo.log);
  demo.key = /Bearer (\S+)'/.exec(demo.out)[1];
  demo.stream = /http:\/\/\S+\/stream/.exec(demo.out)[0];
  demo.servers = [...new Set([...demo.out.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => Number(match[1])))];
  return demo;
}

const press = (demo) => fetch(demo.stream, { headers: { Authorization: `Bearer ${demo.key}` } });

const isListening = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });

test('a pressed recording is fetched by a worker, plays, and is there at the next start; Ctrl-C ends everything', async () => {
  const demo = await start();
  assert.equal(demo.servers.length, 9, demo.out); // nginx, 2 APIs, 2 workers, the provider, PostgreSQL, Redis, S3
  assert.deepEqual(await Promise.all(demo.servers.map(isListening)), demo.servers.map(() => true));

  const first = await press(demo);
  assert.equal(first.status, 202);
  await first.arrayBuffer();
  const heard = await until('a play', () => press(demo), ({ status }) => status !== 202);
  assert.equal(heard.status, 200);
  assert.equal(heard.headers.get('content-type'), 'audio/mpeg');
  const bytes = Buffer.from(await heard.arrayBuffer());
  assert.ok(bytes.length > 10_000);
  assert.match(demo.log, /^api [12] +\| 🎧 RECORDING_ENQUEUE /m);
  assert.match(demo.log, /^worker [12] +\| RECORDING_STORED /m);
  assert.doesNotMatch(demo.log, /^api.*RECORDING_STORED/m);

  assert.equal(await demo.end(), 0, demo.log);
  assert.deepEqual(await Promise.all(demo.servers.map(isListening)), demo.servers.map(() => false));

  const again = await start();
  assert.equal(again.key, demo.key);
  const kept = await press(again);
  assert.equal(kept.status, 200);
  assert.deepEqual(Buffer.from(await kept.arrayBuffer()), bytes);
  assert.equal(await again.end(), 0, again.log);
});
