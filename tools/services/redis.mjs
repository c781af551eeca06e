// A redis-server for one test, on a unix socket in a temporary directory.
//
//   const redis = await startRedis();
//   redis.url                          // unix:///…/redis.sock
//   await redis.ask('SCARD', 'rec_slots:acme');
//   await redis.kill();  await redis.start();   // with the content of its append-only file
//   await redis.destroy();
//
// With `tcp` it also listens on a free port, and `url` has that port. For several servers: redis_groups.mjs.

import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './free_port.mjs';
import { until } from './until.mjs';

const run = promisify(execFile);
// Another program may take the free port before the server does.
const portAttempts = 5;

/**
 * @param {{settings?: object|function, tcp?: boolean, sentinel?: string, detached?: boolean}} options settings of
 *     redis-server by name, or a function that returns a promise of them for each attempt; the configuration of a Sentinel;
 *     whether Ctrl-C in the terminal spares it
 */
export async function startRedis(options = {}) {
  for (let attempt = 1; ; ++attempt) {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-redis-'));
    const settings = typeof options.settings === 'function' ? await options.settings() : options.settings;
    const redis = new Redis(directory, { ...options, settings, port: options.tcp ? await freePort() : 0 });
    try {
      return await redis.start();
    } catch (error) {
      await redis.destroy();
      if (!options.tcp || attempt === portAttempts) throw error;
    }
  }
}

export class Redis {
  #child;
  #exited;
  #more;
  #sentinel;
  #detached;

  constructor(directory, { settings = {}, port = 0, sentinel, detached = false } = {}) {
    this.#detached = detached;
    this.directory = directory;
    this.port = port;
    this.socket = path.join(directory, 'redis.sock');
    this.url = port ? `redis://127.0.0.1:${port}` : `unix://${this.socket}`;
    this.#sentinel = sentinel;
    const ours = sentinel ? {} : { appendonly: 'yes', save: '', 'maxmemory-policy': 'noeviction' };
    this.#more = Object.entries({ ...ours, ...settings }).flatMap(([name, value]) => [`--${name}`, value]);
  }

  async start() {
    const file = path.join(this.directory, 'redis.conf');
    // A Sentinel stores its state there.
    if (!existsSync(file)) await writeFile(file, this.#sentinel ?? '');
    const child = spawn('redis-server', [
      file, '--port', String(this.port), '--bind', '127.0.0.1', '--unixsocket', this.socket, '--dir', this.directory,
      '--daemonize', 'no', ...this.#more, ...(this.#sentinel ? ['--sentinel'] : []),
    ], { stdio: 'ignore', detached: this.#detached });
    this.#child = child;
    let ended = false;
    this.#exited = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    this.#exited.finally(() => (ended = true)).catch(() => {});
    const answer = await until('redis-server', () => this.ask('PING').catch((error) => error.message),
      (text) => text === 'PONG' || ended);
    if (answer !== 'PONG') throw new Error(`redis-server ended: ${answer}`);
    return this;
  }

  get pid() {
    return this.#child.pid;
  }

  get isRunning() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The full name of this key of a business. */
  keyOf(prefix, business) {
    return `${prefix}:${business}`;
  }

  /** The answer as redis-cli prints it. */
  async ask(...words) {
    return (await run('redis-cli', ['-s', this.socket, ...words])).stdout.trim();
  }

  signal(name) {
    this.#child.kill(name);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async destroy() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
