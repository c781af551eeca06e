// Runs the simulator of the provider (twilio-sim) for a test and uses its control interface (docs/twilio-sim.md). Only Node's
// own modules, for Node 18 and 20.
//
//   import { startSim } from './support/sim.mjs';
//   const sim = await startSim();                       // a free port of 127.0.0.1
//   const account = await sim.addAccount({ business: 'acme' });            // { sid, token }
//   const [first] = await sim.addRecordings({ account: account.sid, count: 10, duration_s: 5 });
//   await sim.addRule({ fault: 'drip', account: account.sid, bytes_per_second: 4000 });
//   ... let the server under test fetch ...
//   const stats = await sim.stats();
//   assert.equal(stats.accounts[account.sid].greatest, 3);
//   await sim.stop();                                   // in after(); the process also ends with its parent
//
// For the server under test: TWILIO_BASE_URL is sim.url.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const startTimeoutMs = 20_000;
const stopTimeoutMs = 5_000;
const statsTimeoutMs = 30_000;

/** Path of the binary: in TAPEDECK_BIN_DIR, else of the release build, else of the dev build. */
export function simBinary() {
  const candidates = [
    process.env.TAPEDECK_BIN_DIR && path.join(process.env.TAPEDECK_BIN_DIR, 'twilio-sim'),
    path.join(repository, 'build/release/bin/twilio-sim'),
    path.join(repository, 'build/dev/bin/twilio-sim'),
  ].filter(Boolean);
  const found = candidates.find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`twilio-sim is not built; looked for ${candidates.join(', ')}`);
  return found;
}

/** A SID of this prefix and number: sid('AC', 1) is "AC" and 32 digits that end in 1. */
export function sid(prefix, number) {
  return prefix + number.toString(16).padStart(32, '0');
}

/**
 * Starts a simulator and waits until it listens.
 * @param {{listen?: string, seed?: number, data?: string, log?: string, load?: string}} options as the flags of the
 *     command; `listen` defaults to a free port of 127.0.0.1.
 * @returns {Promise<Sim>}
 */
export async function startSim(options = {}) {
  const args = ['--listen', options.listen ?? '127.0.0.1:0', '--exit-on-stdin-eof'];
  for (const name of ['seed', 'data', 'log', 'load']) {
    if (options[name] !== undefined) args.push(`--${name}`, String(options[name]));
  }
  const child = spawn(simBinary(), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const spawnFailed = new Promise((_, reject) => child.once('error', reject));
  const ready = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const match = /^twilio-sim ready on (http:\S+)$/.exec(line);
      if (match) return match[1];
    }
    throw new Error(`twilio-sim ended before it was ready: ${JSON.stringify(await exited)}`);
  })();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('twilio-sim was not ready in time')), startTimeoutMs);
  });
  try {
    const url = await Promise.race([ready, spawnFailed, late]);
    return new Sim(child, exited, url);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A running simulator. Every request method throws on an answer that is not 2xx. */
export class Sim {
  #child;
  #exited;
  #accounts = 0;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  constructor(child, exited, url) {
    this.#child = child;
    this.#exited = exited;
    /** "http://127.0.0.1:PORT" */
    this.url = url;
    this.port = Number(new URL(url).port);
    this.pid = child.pid;
  }

  /** Adds an account; SID and token are invented when they are not given. Returns { sid, token }. */
  async addAccount(account = {}) {
    const added = { sid: sid('AC', ++this.#accounts), token: `token-${this.#accounts}`, ...account };
    await this.control('POST', 'accounts', added);
    return { sid: added.sid, token: added.token };
  }

  /** Adds one call; returns { sid, account }. */
  async addCall(call) {
    return (await this.control('POST', 'calls', call)).calls[0];
  }

  /** Adds one recording, or `count` of them; returns an array of { sid, call, account, business }. */
  async addRecordings(recording) {
    return (await this.control('POST', 'recordings', recording)).recordings;
  }

  /** Adds one recording; returns { sid, call, account, business }. */
  async addRecording(recording) {
    return (await this.addRecordings(recording))[0];
  }

  /** A recording in the control interface, with bytes and SHA-256 of its media by "mp3_1", "wav_2"... */
  recording(recordingSid) {
    return this.control('GET', `recordings/${recordingSid}`);
  }

  /** Changes status or error_code of a recording. */
  changeRecording(recordingSid, change) {
    return this.control('PATCH', `recordings/${recordingSid}`, change);
  }

  /** Adds a fault; returns its number. */
  async addRule(rule) {
    return (await this.control('POST', 'rules', rule)).rules[0].id;
  }

  removeRule(id) {
    return this.control('DELETE', `rules/${id}`);
  }

  clearRules() {
    return this.control('DELETE', 'rules');
  }

  /** Sets bytes_per_second of each connection, most_downloads_per_account or most_per_page; null lifts a limit. */
  settings(values) {
    return this.control('POST', 'settings', values);
  }

  /** Adds everything of { accounts, calls, recordings, rules, settings }. */
  load(document) {
    return this.control('POST', 'load', document);
  }

  /** Sends signed webhooks; returns { sent, statuses, results }. */
  webhook(order) {
    return this.control('POST', 'webhook', order);
  }

  stats() {
    return this.control('GET', 'stats');
  }

  /** Polls the statistics until `condition(stats)` holds and returns them; rejects when it does not in time. */
  async untilStats(condition) {
    const deadline = Date.now() + statsTimeoutMs;
    for (;;) {
      const stats = await this.stats();
      if (condition(stats)) return stats;
      if (Date.now() > deadline) throw new Error(`the statistics never got there: ${JSON.stringify(stats)}`);
    }
  }

  resetStats() {
    return this.control('POST', 'stats/reset');
  }

  /** Events from number `since` on, oldest first. */
  async log(since = 0) {
    const events = [];
    for (let next = since; ; ) {
      const page = await this.control('GET', `log?since=${next}`);
      if (page.events.length === 0) return events;
      events.push(...page.events);
      next = page.next;
    }
  }

  /** Forgets accounts, calls, recordings, rules, settings, counts and kept events. */
  async reset() {
    await this.control('POST', 'reset');
    this.#accounts = 0;
  }

  /** Path of a recording's media; `extension` is ".mp3", ".wav", ".json" or "". */
  mediaPath(recording, extension = '.mp3') {
    return `/2010-04-01/Accounts/${recording.account}/Recordings/${recording.sid}${extension}`;
  }

  /** One request to /_sim/`what`; returns the parsed answer, or null for an empty one. */
  async control(method, what, body) {
    const answer = await this.request(method, `/_sim/${what}`, {
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (answer.status >= 300) {
      throw new Error(`${method} /_sim/${what}: ${answer.status} ${answer.body.toString()}`);
    }
    return answer.body.length === 0 ? null : JSON.parse(answer.body.toString());
  }

  /**
   * Any request to the simulator.
   * @param {{account?: {sid: string, token: string}, headers?: object, body?: string, agent?: http.Agent}} options
   *     with `account`, its basic authentication is sent.
   * @returns {Promise<{status: number, headers: object, body: Buffer}>} rejects when the answer is cut short.
   */
  request(method, target, options = {}) {
    const headers = { ...options.headers };
    if (options.account) {
      const login = `${options.account.sid}:${options.account.token}`;
      headers.Authorization = `Basic ${Buffer.from(login).toString('base64')}`;
    }
    if (options.body !== undefined) headers['Content-Length'] = Buffer.byteLength(options.body);
    return new Promise((resolve, reject) => {
      const agent = options.agent ?? this.#agent;
      const request = http.request(new URL(target, this.url), { method, headers, agent }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
        );
      });
      request.on('error', reject);
      request.end(options.body);
    });
  }

  /** Ends it and waits for its end; returns { code, signal }. A second call does nothing. */
  async stop() {
    this.#agent.destroy();
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), stopTimeoutMs);
    const ended = await this.#exited;
    clearTimeout(killer);
    this.#child.stdin.destroy();
    return ended;
  }

  /** Sends a signal, for tests of a provider that freezes (SIGSTOP) or dies (SIGKILL). */
  signal(name) {
    this.#child.kill(name);
  }
}
