// Runs the server under test with a DATA_DIR of its own, and speaks to it as its users do: by HTTP and by its commands.
// Only Node's own modules, for Node 18 and 20.
//
//   import { makeTapedeck } from './support/tapedeck.mjs';
//   const deck = await makeTapedeck({ sim });           // a temporary DATA_DIR, an operator's key; nothing runs yet
//   await deck.start();                                 // a free port of 127.0.0.1
//   const business = await deck.addBusiness('acme', account);
//   const call = await deck.tell(business, recording);  // PUT /api/calls/CA…
//   const answer = await deck.press(business, call);    // GET …/stream
//   await deck.untilState(business, call, 'stored');
//   await deck.kill();  await deck.start();             // the same DATA_DIR
//   await deck.destroy();                               // in after()
//
// With TAPEDECK_NODES=api,worker,… in the environment, or `nodes`, it is so many processes on one DATA_DIR that share a
// Redis; requests go to the first, an API, and `lines` are of all of them, as they come. With TAPEDECK_STORES=shared, or
// `stores`, they share a PostgreSQL and an S3 server, too, and each has a DATA_DIR of its own.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { startPostgres } from '../../../tools/services/postgres.mjs';
import { startRedis } from '../../../tools/services/redis.mjs';
import { startS3 } from '../../../tools/services/s3.mjs';
import { until, waitMs } from '../../../tools/services/until.mjs';

export { until };

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const stopMs = 30_000;

/** What the provider signs its webhooks over, and links begin with. */
export const publicUrl = 'https://calls.example.com';

/** Path of the binary: in TAPEDECK_BIN_DIR, or the one of the release build, or of the dev build. */
export function tapedeckBinary() {
  const candidates = [
    process.env.TAPEDECK_BIN_DIR && path.join(process.env.TAPEDECK_BIN_DIR, 'tapedeck'),
    path.join(repository, 'build/release/bin/tapedeck'),
    path.join(repository, 'build/dev/bin/tapedeck'),
  ].filter(Boolean);
  const found = candidates.find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`tapedeck is not built; looked for ${candidates.join(', ')}`);
  return found;
}

/** The first 8 characters and "...", as log lines name recordings. */
export function shortSid(sid) {
  return `${sid.slice(0, 8)}...`;
}

/**
 * @param {{sim?: {url: string}, settings?: object, nodes?: string[], redis?: {url: string}, stores?: object,
 *     folder?: string}} options the provider's look-alike, settings by name, such as { LOG_FORMAT: 'json' }, the roles of
 *     the processes, such as ['api', 'worker'], their Redis, of which this takes care from now on, what
 *     makeSharedStores() gave, for others than this test program's own, and where the DATA_DIR is made.
 * @returns {Promise<Tapedeck>} with a DATA_DIR and an operator's key, not started yet
 */
export async function makeTapedeck(options = {}) {
  const dataDir = await mkdtemp(path.join(options.folder ?? os.tmpdir(), 'tapedeck-e2e-'));
  const stores = options.stores ?? (process.env.TAPEDECK_STORES === 'shared' ? await makeSharedStores() : undefined);
  const nodes = options.nodes ?? (process.env.TAPEDECK_NODES || undefined)?.split(',');
  const redis = nodes && (options.redis ?? await startRedis());
  const deck = new Tapedeck(dataDir, { ...options, nodes, redis, stores });
  try {
    deck.operatorKey = (await deck.command('key', 'create', '--operator')).stdout.trim();
  } catch (error) {
    await deck.destroy();
    throw error;
  }
  return deck;
}

let servers;

// One PostgreSQL and one S3 server for all of a test program, since they take seconds to start.
function sharedServers() {
  servers ??= (async () => {
    const started = { postgres: await startPostgres({ settings: { fsync: 'off' } }), s3: await startS3() };
    started.postgres.unref();
    started.s3.unref();
    return started;
  })();
  return servers;
}

let bucketsMade = 0;

/** A new database, a new bucket, and the settings that lead to them. */
export async function makeSharedStores(options) {
  const { postgres, s3 } = options ?? (await sharedServers());
  const bucket = `bucket-${++bucketsMade}`;
  const settings = {
    DATABASE_URL: await postgres.makeDatabase(),
    SECRET_KEY: randomBytes(32).toString('base64'),
    ...(await s3.environment(bucket)),
  };
  return { postgres, s3, bucket, settings };
}

export class Tapedeck {
  #settings;
  #roles;
  #waiting = [];
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  constructor(dataDir, { sim, settings = {}, nodes = ['alone'], redis, stores }) {
    this.dataDir = dataDir;
    this.sim = sim;
    this.redis = redis;
    this.stores = stores;
    this.#roles = nodes;
    /** The processes that were started last: { role, child, exited, url }. */
    this.nodes = [];
    this.#settings = {
      LISTEN: '127.0.0.1:0', PUBLIC_URL: publicUrl, DATA_DIR: dataDir, ...stores?.settings, ...settings,
    };
    if (redis) this.#settings.REDIS_URL ??= redis.url;
    if (sim) this.#settings.TWILIO_BASE_URL ??= sim.url;
    /** What the running server, or the last one, has logged. */
    this.lines = [];
  }

  // The settings alone: what the machine of the test happens to have set must not matter.
  #environment(more = {}) {
    return { PATH: process.env.PATH, ...this.#settings, ...more };
  }

  get pid() {
    return this.nodes[0]?.child.pid;
  }

  /** Starts the server and waits until it is ready. `wrapper` goes before the program, such as ['prlimit', '…']. */
  async start(options = {}) {
    this.lines = [];
    this.nodes = [];
    for (const role of this.#roles) await this.startNode(role, options);
    this.url = this.nodes[0].url;
    return this;
  }

  /** Starts one more process of this role, and waits until it is ready. */
  async startNode(role, { wrapper = [], settings = {}, binary = tapedeckBinary() } = {}) {
    const command = [...wrapper, binary, 'serve'];
    const own = role === 'worker' ? { ENABLE_SCHEDULERS: 'true' } : {};
    if (this.stores) own.DATA_DIR = await mkdtemp(path.join(this.dataDir, `${role}-`));
    const child = spawn(command[0], command.slice(1), {
      env: this.#environment({ ...own, ...settings }), stdio: ['ignore', 'ignore', 'pipe'],
    });
    const node = { role, child };
    node.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.nodes.push(node);
    const lines = this.lines;
    let isReady = false;
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      if (line.includes('SERVER_READY') && !isReady) {
        isReady = true;
        node.url = /http:[^\s"]+/.exec(line)[0].replace(/\/$/, '');
      }
      this.#wake();
    });
    node.exited.then(({ code, signal }) => {
      this.#wake();
      // A process that ends by itself explains what fails after it.
      if (!child.killed && code !== 0) console.error(`${role} ended with ${signal ?? code}:\n${lines.slice(-10).join('\n')}`);
    }, () => {});
    await this.untilLines(() => isReady, node);
    return node;
  }

  #wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const again of waiting) again();
  }

  /** The first line from number `since` on that `matches`; waits for it. */
  async untilLine(matches, since = 0) {
    await this.untilLines((lines) => lines.slice(since).some(matches));
    return this.lines.slice(since).find(matches);
  }

  /** Waits until `condition(lines)` holds. */
  async untilLines(condition, node = this.nodes[0]) {
    const ended = node.exited.then(() => 'ended');
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, waitMs, 'late')));
    try {
      while (!condition(this.lines)) {
        const what = await Promise.race([new Promise((resolve) => this.#waiting.push(resolve)), ended, late]);
        if (condition(this.lines)) return;
        if (what) throw new Error(`${what} before the line came; the last ones:\n${this.lines.slice(-30).join('\n')}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lines of one business, in order; those whose event is in `events` if that is given. */
  linesOf(business, events) {
    const words = (line) => line.split(' ');
    return this.lines
      .filter((line) => words(line).includes(`business_id=${business.id}`))
      .filter((line) => !events || events.some((event) => words(line).includes(event)));
  }

  /** Sends SIGTERM and waits for the end; returns { code, signal }. */
  stop() {
    return this.#end('SIGTERM');
  }

  /** kill -9, and waits for the end. */
  kill() {
    return this.#end('SIGKILL');
  }

  signal(name) {
    this.nodes[0].child.kill(name);
  }

  /** Waits until the server has ended by itself. */
  ended() {
    return this.nodes[0].exited;
  }

  /** The process that downloads for a worker, which is the child of its supervisor; undefined while there is none. */
  async childOf(node) {
    const pid = node.child.pid;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return Number(children.trim().split(' ')[0]) || undefined;
  }

  /** Ends one process; returns { code, signal }. */
  async endNode(node, signal = 'SIGTERM') {
    node.child.kill(signal);
    const killer = setTimeout(() => node.child.kill('SIGKILL'), stopMs);
    const how = await node.exited;
    clearTimeout(killer);
    return how;
  }

  // All of them; how the first one ended.
  async #end(signal) {
    const ends = await Promise.all(this.nodes.map((node) => this.endNode(node, signal)));
    return ends[0];
  }

  /** Ends everything and removes the DATA_DIR. */
  async destroy() {
    this.#agent.destroy();
    await this.#end('SIGKILL');
    await this.redis?.destroy();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Starts `tapedeck …`; returns its process. */
  launch(args, settings = {}) {
    return spawn(tapedeckBinary(), args, { env: this.#environment(settings) });
  }

  /** Runs `tapedeck …`; returns { code, stdout, stderr } however it ends. */
  async run(args, { settings = {}, input = '' } = {}) {
    const child = this.launch(args, settings);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const killer = setTimeout(() => child.kill('SIGKILL'), waitMs);
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    clearTimeout(killer);
    return { code, ...output };
  }

  /** Runs `tapedeck …` and rejects unless it succeeds. */
  async command(...args) {
    const done = await this.run(args);
    if (done.code !== 0) throw new Error(`tapedeck ${args.join(' ')}: ${done.code} ${done.stderr}`);
    return done;
  }

  /** Adds a business with this provider account; returns { id, key, account }. */
  async addBusiness(id, account, ...options) {
    const login = account ? ['--account-sid', account.sid, '--auth-token', account.token] : [];
    await this.command('business', 'add', id, ...login, ...options);
    const key = (await this.command('key', 'create', '--business', id)).stdout.trim();
    return { id, key, account };
  }

  /**
   * One request.
   * @param {{key?: string, headers?: object, body?: string|object, agent?: http.Agent}} options
   * @returns {Promise<{status: number, headers: object, body: Buffer, json: any}>} `json` of a JSON answer
   */
  request(method, target, { key, headers = {}, body, agent = this.#agent } = {}) {
    const fields = { ...headers };
    if (key) fields.Authorization = `Bearer ${key}`;
    const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    if (content !== undefined) {
      fields['Content-Type'] ??= 'application/json';
      fields['Content-Length'] ??= Buffer.byteLength(content);
    }
    return new Promise((resolve, reject) => {
      const url = new URL(this.url);
      const options = { host: url.hostname, port: url.port, path: target, method, headers: fields, agent };
      const request = http.request(options, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part)).on('error', reject).on('end', () => {
          const whole = Buffer.concat(parts);
          const isJson = (response.headers['content-type'] ?? '').includes('json') && whole.length > 0;
          const json = isJson ? JSON.parse(whole.toString()) : undefined;
          resolve({ status: response.statusCode, headers: response.headers, body: whole, json });
        });
      });
      request.on('error', reject);
      request.end(content);
    });
  }

  get(business, target, options = {}) {
    return this.request('GET', target, { key: business.key, ...options });
  }

  /** PUT of a call with this recording of the look-alike; returns the call's SID. */
  async tell(business, recording, more = {}) {
    const body = { recording: { sid: recording.sid, account_sid: recording.account }, ...more };
    const answer = await this.request('PUT', `/api/calls/${recording.call}`, { key: business.key, body });
    if (answer.status !== 201 && answer.status !== 204) throw new Error(`PUT: ${answer.status} ${answer.body}`);
    return recording.call;
  }

  press(business, sid) {
    return this.get(business, `/api/recordings/${sid}/stream`);
  }

  post(business, sid, action, body) {
    return this.request('POST', `/api/recordings/${sid}/${action}`, { key: business.key, body });
  }

  async status(business, sid) {
    const answer = await this.get(business, `/api/recordings/${sid}/status`);
    if (answer.status !== 200) throw new Error(`status: ${answer.status} ${answer.body}`);
    return answer.json;
  }

  async queue(business) {
    return (await this.get(business, '/api/queue')).json;
  }

  /** Waits until the recording's state is `state`; returns its status. */
  untilState(business, sid, state) {
    return this.untilStatus(business, sid, (status) => status.state === state);
  }

  untilStatus(business, sid, condition) {
    return until(`a status of ${sid}`, () => this.status(business, sid), condition);
  }

  /** Presses until it plays; returns the 200. */
  async play(business, sid) {
    try {
      return await until(`a play of ${sid}`, () => this.press(business, sid), (answer) => answer.status !== 202);
    } catch (error) {
      const queue = await this.queue(business).catch((failure) => failure.message);
      throw new Error(`${error.message}\n${JSON.stringify(queue)}\n${this.lines.slice(-30).join('\n')}`);
    }
  }

  /** Where the provider sends a business's webhooks, and the address that it signs. */
  webhookOf(business, what = 'recording') {
    const where = `/webhooks/twilio/${business.id}/${what}`;
    return { target: this.url + where, public_url: publicUrl + where };
  }

  /** Every file below DATA_DIR/recordings, or every object of the bucket: { path, name }, `path` from there. */
  async blobFiles() {
    if (this.stores) {
      const objects = await this.stores.s3.objects(this.stores.bucket);
      return objects.map(({ key }) => ({ path: key, name: path.basename(key) })).filter(({ name }) => !name.startsWith('.'));
    }
    const files = [];
    const walk = async (folder) => {
      const all = path.join(this.dataDir, 'recordings', folder);
      const entries = await readdir(all, { withFileTypes: true }).catch((error) => {
        if (error.code === 'ENOENT') return []; // a folder that has gone, or has not come yet
        throw error;
      });
      for (const entry of entries) {
        const inside = path.join(folder, entry.name);
        if (entry.isDirectory()) await walk(inside);
        else files.push({ path: inside, name: entry.name });
      }
    };
    await walk('');
    return files;
  }
}
