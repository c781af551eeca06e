// The processes under test: two APIs and three workers, each with its own proxy in front of Redis, on one DATA_DIR or on a
// shared PostgreSQL and S3 server; their load, and the operations on them.

import { createHash } from 'node:crypto';

import { startRedis } from '../../tools/services/redis.mjs';
import { startDisk } from './disk.mjs';
import { startPostgres } from '../../tools/services/postgres.mjs';
import { startS3 } from '../../tools/services/s3.mjs';
import { startSim } from '../e2e/support/sim.mjs';
import { makeSharedStores, makeTapedeck } from '../e2e/support/tapedeck.mjs';
import { startProxy } from '../e2e/support/proxy.mjs';
import { until } from '../../tools/services/until.mjs';

const roles = ['api', 'api', 'worker', 'worker', 'worker'];
const businessCount = 24;
const outstandingMax = 6; // of one business
const webhookEvery = 4;
const recording = { duration_s: 2 };
// 2 s of sound are 8 kB: each download stalls in the middle for this long.
const slow = { fault: 'stall', after_bytes: 4000, for_ms: 400 };

/** `disk`: its size in MB, and whether a tmpfs may be mounted; `shares`: PostgreSQL and S3 rather than one DATA_DIR. */
export async function startCluster(seed, disk, { shares }) {
  const cluster = new Cluster();
  try {
    await cluster.start(seed, disk, shares);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

class Cluster {
  members = []; // { role, node, proxy }
  businesses = [];
  asked = []; // what was answered 202 or 204: { sid, call, account, business }
  refused = 0;
  #hindrances = 0; // now
  #hindered = 0; // so far

  async start(seed, { megabytes, mayMount }, shares) {
    this.disk = await startDisk(megabytes, { mayMount });
    this.sim = await startSim({ seed });
    this.redis = await startRedis({ settings: { appendfsync: 'everysec' } });
    const stores = shares ? await this.#startStores() : undefined;
    this.deck = await makeTapedeck({ sim: this.sim, nodes: [], redis: this.redis, folder: this.disk.directory, stores });
    for (const role of roles) {
      const member = { role, proxy: await startProxy(this.redis.socket) };
      this.members.push(member);
      await this.startMember(member);
    }
    for (let i = 1; i <= businessCount; ++i) {
      const account = await this.sim.addAccount();
      const business = await this.deck.addBusiness(`b${i}`, account);
      this.businesses.push({ ...business, outstanding: 0 });
    }
    await this.sim.addRule(slow);
  }

  async #startStores() {
    this.postgres = await startPostgres();
    this.s3 = await startS3();
    this.storage = await startProxy(this.s3.port);
    const stores = await makeSharedStores(this);
    Object.assign(stores.settings, await this.s3.environment(stores.bucket, `http://127.0.0.1:${this.storage.port}`));
    return stores;
  }

  /** From now on starts may fail through no fault of the program, until the returned function is called. */
  hinder() {
    ++this.#hindrances;
    ++this.#hindered;
    return () => --this.#hindrances;
  }

  /** Starts the process; where a fault prevents this, starts it again after the fault, as an init system does. */
  async startMember(member) {
    const settings = { REDIS_URL: member.proxy.url };
    for (let node; !node; member.node = node) {
      const wasHindered = this.#hindrances > 0;
      const hindered = this.#hindered;
      node = await this.deck.startNode(member.role, { settings }).catch((error) => {
        if (!wasHindered && this.#hindered === hindered) throw error;
      });
      if (!node) await until('what hinders a start', () => this.#hindrances === 0);
    }
    if (member.role === 'api') this.deck.url = member.node.url; // each start takes another port
    member.node.exited.then(() => (member.isGone = true));
    member.isGone = false;
  }

  /** Processes that run now, supervisors before their workers. */
  async pids() {
    const nodes = this.members.filter(({ isGone }) => !isGone).map(({ node }) => node);
    const children = await Promise.all(nodes.filter(({ role }) => role === 'worker').map((node) => this.deck.childOf(node)));
    return [...nodes.map(({ child }) => child.pid), ...children.filter(Boolean)];
  }

  of(role) {
    return this.members.filter((member) => member.role === role && !member.isGone);
  }

  /** Requests one more recording of a business with few waiting, by a press or by a webhook. */
  async ask(random) {
    const open = this.businesses.filter((business) => business.outstanding < outstandingMax);
    const apis = this.of('api');
    if (open.length === 0 || apis.length === 0) return;
    const business = random.of(open);
    const [one] = await this.sim.addRecordings({ account: business.account.sid, count: 1, ...recording });
    const url = random.of(apis).node.url;
    ++business.outstanding;
    const accepted = await this.#askAt(url, business, one).catch(() => false); // the connection broke: nothing was promised
    if (accepted) this.asked.push({ ...one, business });
    else --business.outstanding;
  }

  async #askAt(url, business, one) {
    if (this.asked.length % webhookEvery === webhookEvery - 1) {
      const target = `${url}${new URL(this.deck.webhookOf(business).public_url).pathname}`;
      const sent = await this.sim.webhook({ recording: one.sid, timeout_ms: 5000, ...this.deck.webhookOf(business), target });
      return sent.statuses[204] === 1;
    }
    const headers = { Authorization: `Bearer ${business.key}`, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ recording: { sid: one.sid, account_sid: one.account } });
    const told = await fetch(`${url}/api/calls/${one.call}`, { method: 'PUT', headers, body });
    if (!told.ok) return false;
    const pressed = await fetch(`${url}/api/recordings/${one.call}/stream`, { headers });
    await pressed.arrayBuffer();
    if (pressed.status === 503) ++this.refused;
    return pressed.status === 202;
  }

  /** The stored ones of the requested recordings, and the others with their states. */
  async unfinished() {
    const left = [];
    for (const one of this.asked.filter((one) => !one.isStored)) {
      const { json } = await this.deck.get(one.business, `/api/recordings/${one.call}/status`).catch(() => ({}));
      if (json?.state === 'stored') {
        one.isStored = true;
        --one.business.outstanding;
      } else {
        left.push({ ...one, state: json?.state, why: json?.why, cause: json?.cause });
      }
    }
    return left;
  }

  /** Whether the served bytes are the provider's. */
  async hasRightBytes(one) {
    const answer = await this.deck.press(one.business, one.call);
    const { media } = await this.sim.recording(one.sid);
    return answer.status === 200 && createHash('sha256').update(answer.body).digest('hex') === media.mp3_1.sha256;
  }

  async slotsLeft() {
    let left = 0;
    for (const { id } of this.businesses) {
      left += Number(await this.redis.ask('SCARD', `rec_slots:${id}`)) + Number(await this.redis.ask('LLEN', `rec_queue:${id}`));
      left += (await this.redis.ask('KEYS', `rec_inflight:${id}:*`)).split('\n').filter(Boolean).length;
    }
    return left;
  }

  /** Multipart uploads that are neither complete nor aborted. */
  async uploadsLeft() {
    return (await this.s3.uploads(this.deck.stores.bucket)).length;
  }

  async stop() {
    await this.deck?.destroy();
    await this.storage?.stop();
    await this.postgres?.destroy();
    await this.s3?.destroy();
    for (const { proxy } of this.members) await proxy.stop();
    await this.sim?.stop();
    await this.disk?.stop();
  }
}
