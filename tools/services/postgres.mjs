// A PostgreSQL in a temporary directory, on a unix socket and a free port of 127.0.0.1. It must not run as root: for root it runs
// as the user postgres.
//
//   const postgres = await startPostgres();
//   const url = await postgres.makeDatabase();   // postgresql://postgres@127.0.0.1:PORT/…
//   await postgres.ask(url, 'SELECT 1');
//   await postgres.kill();  await postgres.start();   // a crash, and its recovery
//   await postgres.destroy();

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './free_port.mjs';
import { until } from './until.mjs';

const run = promisify(execFile);
const attempts = 5;

const folderOf = () =>
  process.env.POSTGRES_BIN ?? ['17', '16', '15', '14'].map((version) => `/usr/lib/postgresql/${version}/bin`).find(existsSync) ?? '';

// The prefix of a program that must not run as root.
const asUser = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'] : [];

// Makes the folder if it is missing. Replaces a folder that only root may enter by one in /var/tmp.
async function reachable(folder) {
  await mkdir(folder, { recursive: true });
  if (asUser.length === 0) return folder;
  const [command, ...words] = [...asUser, 'test', '-x', folder];
  if (await run(command, words).then(() => true, () => false)) return folder;
  const substitute = path.join('/var/tmp', `tapedeck-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  await mkdir(substitute, { recursive: true, mode: 0o700 });
  return substitute;
}

/**
 * @param {{settings?: object, folder?: string, detached?: boolean}} options settings of the server by name; a new or existing
 *     folder for its data; whether Ctrl-C in the terminal spares it
 */
export async function startPostgres({ settings = {}, folder, detached = false } = {}) {
  const directory = folder ? await reachable(folder) : await mkdtemp(path.join(os.tmpdir(), 'tapedeck-postgres-'));
  const postgres = new Postgres(directory, { settings, isKept: folder !== undefined, detached });
  try {
    await postgres.create();
    await postgres.start();
  } catch (error) {
    await postgres.destroy();
    throw error;
  }
  return postgres;
}

export class Postgres {
  #child;
  #exited;
  #settings;
  #databases = 0;
  // The server ends with this process at any exit.
  #end = () => {
    this.#child?.kill('SIGQUIT');
    if (!this.#isKept) rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  };
  #isKept;
  #detached;

  constructor(directory, { settings, isKept, detached }) {
    this.directory = directory;
    this.data = path.join(directory, 'data');
    this.#settings = settings;
    this.#isKept = isKept;
    this.#detached = detached;
  }

  async create() {
    if (existsSync(this.data)) return;
    if (asUser.length > 0) await run('chown', ['postgres:postgres', this.directory]);
    await this.#run('initdb', '-D', this.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync',
      '--no-instructions');
  }

  #words(program, words) {
    return [...asUser, path.join(folderOf(), program), ...words];
  }

  #run(program, ...words) {
    const [command, ...rest] = this.#words(program, words);
    return run(command, rest, { cwd: this.directory });
  }

  async start() {
    for (let attempt = 1; ; ++attempt) {
      this.port ??= await freePort(); // somebody else may take it first: then another is tried
      if (await this.#tryStart()) return this;
      if (attempt === attempts) throw new Error('PostgreSQL did not start');
      this.port = undefined;
    }
  }

  async #tryStart() {
    const settings = { listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: this.directory, ...this.#settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, ...words] = this.#words('postgres', ['-D', this.data, ...flags]);
    const child = spawn(command, words, { stdio: 'ignore', cwd: this.directory, detached: this.#detached });
    this.#child = child;
    let isGone = false;
    this.#exited = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)).finally(() => (isGone = true));
    process.once('exit', this.#end);
    const ready = () => this.ask(this.url('template1'), 'SELECT 1').catch(() => isGone && 'gone');
    return (await until('PostgreSQL', ready)) === '1';
  }

  url(database) {
    return `postgresql://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** The URL of a database, which is made if it is missing. */
  async database(name) {
    const known = await this.ask(this.url('template1'), `SELECT 1 FROM pg_database WHERE datname = '${name}'`);
    return known === '1' ? this.url(name) : this.makeDatabase(name);
  }

  /** The URL of a new, empty database. */
  async makeDatabase(name = `test_${++this.#databases}`) {
    await this.ask(this.url('template1'), `CREATE DATABASE ${name}`);
    return this.url(name);
  }

  /** The answer as psql prints it: a line for each row, with "|" between columns. */
  async ask(url, statement) {
    return (await run('psql', ['-XAtqc', statement, url], { env: { PATH: process.env.PATH, PGCONNECT_TIMEOUT: '5' } })).stdout.trim();
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Lets this process end before the server. */
  unref() {
    this.#child.unref();
  }

  /** Kills all its processes, as a power failure does. */
  async kill() {
    this.#child?.kill('SIGQUIT');
    await this.#exited;
    process.removeListener('exit', this.#end);
  }

  /** Stops it cleanly and closes its connections. */
  async stop() {
    this.#child.kill('SIGINT');
    await this.#exited;
    process.removeListener('exit', this.#end);
  }

  async destroy() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
