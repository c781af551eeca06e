// The files of deploy/, as far as they can be tested without an init system and containers, and the messages of the server to
// its service manager.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { until } from '../../tools/services/until.mjs';
import { makeTapedeck, tapedeckBinary } from './support/tapedeck.mjs';

const run = promisify(execFile);
const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const units = ['tapedeck-api.service', 'tapedeck-worker.service'];
// Node has no datagrams over unix sockets.
const manager = `
import socket, sys
listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listening.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(listening.recv(4096).decode(), flush=True)
`;

let folder;
let known;
const decks = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-deploy-'));
  const shown = await run(tapedeckBinary(), ['config', '--json'], { env: { PATH: process.env.PATH, DATA_DIR: folder } });
  known = new Set(JSON.parse(shown.stdout).map(({ name }) => name));
});

after(async () => {
  for (const deck of decks) await deck.destroy();
  await rm(folder, { recursive: true, force: true });
});

const read = (name) => readFile(path.join(deploy, name), 'utf8');

async function startManager() {
  const socket = path.join(folder, `notify-${decks.length}`);
  const child = spawn('python3', ['-c', manager, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  const listener = { socket, said: [], end: () => child.kill('SIGKILL') };
  child.stdout.setEncoding('utf8').on('data', (text) => listener.said.push(...text.split('\n').filter(Boolean)));
  await until('a service manager', () => listener.said.includes('listening'));
  return listener;
}

for (const [what, nodes] of [['a lone process', null], ['a worker', ['worker']]]) {
  test(`${what} tells the service manager that it is ready, alive, and stopping`, async () => {
    const listener = await startManager();
    const deck = await makeTapedeck({ nodes });
    decks.push(deck);
    // WATCHDOG_PID is left out, as sd_watchdog_enabled(3) allows: it is unknown before the process starts.
    await deck.start({ settings: { NOTIFY_SOCKET: listener.socket, WATCHDOG_USEC: '400000' } });
    await until('READY', () => listener.said.includes('READY=1'));
    const alive = () => listener.said.filter((line) => line === 'WATCHDOG=1').length;
    await until('signs of life', alive, (count) => count >= 3);
    assert.ok(!listener.said.includes('STOPPING=1'));
    await deck.stop();
    await until('STOPPING', () => listener.said.includes('STOPPING=1'));
    listener.end();
  });
}

test('the units are well-formed and expose little', async () => {
  for (const unit of units) {
    const text = await read(path.join('systemd', unit));
    // The check works without the installed program.
    await writeFile(path.join(folder, unit), text.replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
    await run('systemd-analyze', ['verify', path.join(folder, unit)]);
    const { stdout } = await run('systemd-analyze', ['security', '--offline=true', path.join(folder, unit)]);
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)[1]);
    assert.ok(exposure <= 2.0, `${unit}: ${exposure}`);
    for (const [, names] of text.matchAll(/^Environment=(.*)$/gm)) {
      for (const pair of names.split(' ')) assert.ok(known.has(pair.split('=')[0]), `${unit}: ${pair}`);
    }
  }
});

test('the deployed settings exist, and are the same for systemd and for containers', async () => {
  const notOurs = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
  const environment = [...(await read('tapedeck.env')).matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map((match) => match[1]);
  const compose = (await read('compose.yaml')).split('services:')[0];
  const composed = [...compose.matchAll(/^ {4}([A-Z][A-Z_]+):/gm)].map((match) => match[1]);
  assert.ok(environment.length >= 8 && composed.length >= 8);
  for (const name of [...environment, ...composed]) assert.ok(known.has(name) || notOurs.includes(name), name);
  assert.deepEqual(composed.filter((name) => name !== 'LOG_FORMAT').sort(), environment.sort());
});

test('nginx accepts the site', async () => {
  const certificate = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=calls.example.com', '-days', '1', '-keyout', key, '-out', certificate]);
  const site = (await read('nginx.conf')).replace(/\/etc\/letsencrypt\S+fullchain.pem/, certificate).replace(/\/etc\/letsencrypt\S+privkey.pem/, key);
  const file = path.join(folder, 'nginx.conf');
  await writeFile(file, `pid ${folder}/nginx.pid; events {} http { access_log off; ${site} }`);
  await run('/usr/sbin/nginx', ['-t', '-e', path.join(folder, 'error.log'), '-c', file]);
});
