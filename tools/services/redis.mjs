// A redis-server of the test's own, on a unix socket in a temporary directory.
//
//   const redis = await startRedis();
//   redis.url                          // unix:///…/redis.sock
//   await redis.ask('SCARD', 'rec_slots:acme');
//   await redis.kill();  await redis.start();   // with what its append-only file holds
//   await redis.destroy();

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { until } from './until.mjs';

const run = promisify(execFile);

export async function startRedis(options = {}) {
  const redis = new Redis(await mkdtemp(path.join(os.tmpdir(), 'tapedeck-redis-')), options);
  await redis.start();
  return redis;
}

export class Redis {
  #child;
  #exited;
  #more;

  constructor(directory, { settings = {} } = {}) {
    this.directory = directory;
    this.socket = path.join(directory, 'redis.sock');
    this.url = `unix://${this.socket}`;
    this.#more = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  }

  async start() {
    const child = spawn('redis-server', [
      '--port', '0', '--unixsocket', this.socket, '--dir', this.directory, '--appendonly', 'yes', '--save', '',
      '--maxmemory-policy', 'noeviction', '--daemonize', 'no', ...this.#more,
    ], { stdio: 'ignore' });
    this.#child = child;
    this.#exited = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    await until('redis-server', () => this.ask('PING').catch((error) => error.message), (answer) => answer === 'PONG');
    return this;
  }

  get pid() {
    return this.#child.pid;
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
