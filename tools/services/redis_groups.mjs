// Groups of Redis servers with fast failover: a master with its replica and three Sentinels, or a Cluster of three masters with a
// replica each. A group replaces a single Redis (redis.mjs), with url, ask() and destroy().
//
//   const redis = await startSentinels();        // or startRedisCluster()
//   await redis.ask('SCARD', 'rec_slots:acme');  // on the server that has the key now
//   const master = await redis.masterOf('acme');
//   await master.kill();
//   await redis.untilServed('acme', master);     // waits until another server has the keys of this business

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { freePort } from './free_port.mjs';
import { startRedis } from './redis.mjs';
import { until } from './until.mjs';

const run = promisify(execFile);

// The silence after which a node counts as down: short enough for a failover in a second or two, long enough for a loaded
// machine.
const downAfterMs = 1_000;
// No wait for replicas before their first copy, which would be 5 s.
const hurry = { 'repl-diskless-sync-delay': '0' };
const isOnline = async (server) => (await server.ask('INFO', 'replication')).includes('state=online');

async function started(group) {
  try {
    await group.start();
  } catch (error) {
    await group.destroy();
    throw error;
  }
  return group;
}

class Group {
  servers = [];

  async destroy() {
    await Promise.all(this.all().map((one) => one.destroy()));
  }

  all() {
    return this.servers;
  }
}

const masterName = 'calls';
const sentinelCount = 3;
// Only the first Sentinel begins a failover early, with the votes of the others: three that begin at once split the votes.
const laterMs = 10_000;
// Shorter than the defaults: they search every 10 s, talk every 2 s, and do nothing for 30 s after a jump of the clock by 2 s,
// which a busy machine may cause.
const lively = ['INFO-PERIOD', '1000', 'PING-PERIOD', '500', 'PUBLISH-PERIOD', '500', 'TILT-TRIGGER', '30000'];

export const startSentinels = () => started(new Sentinels());

class Sentinels extends Group {
  sentinels = [];

  async start() {
    this.servers.push(await startRedis({ tcp: true, settings: hurry }));
    const { port } = this.servers[0];
    this.servers.push(await startRedis({ tcp: true, settings: { ...hurry, replicaof: `127.0.0.1 ${port}` } }));
    await until('replication', () => isOnline(this.servers[0]));
    for (let i = 0; i < sentinelCount; ++i) {
      const sentinel = [
        `sentinel monitor ${masterName} 127.0.0.1 ${port} ${i === 0 ? 1 : 2}`,
        `sentinel down-after-milliseconds ${masterName} ${i === 0 ? downAfterMs : laterMs}`,
        `sentinel failover-timeout ${masterName} 3000`,
      ].join('\n');
      this.sentinels.push(await startRedis({ tcp: true, sentinel }));
      await this.sentinels[i].ask('SENTINEL', 'DEBUG', ...lively);
    }
    const knowsAll = async (sentinel) => {
      const words = (await sentinel.ask('SENTINEL', 'MASTER', masterName)).split('\n');
      const field = (name) => words[words.indexOf(name) + 1];
      return field('num-slaves') === '1' && field('num-other-sentinels') === '2' && field('flags') === 'master';
    };
    for (const one of this.sentinels) await until("the Sentinels' acquaintance", () => knowsAll(one));
  }

  all() {
    return [...this.servers, ...this.sentinels];
  }

  get url() {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${masterName}`;
  }

  /** The master that the first Sentinel names. */
  async masterOf() {
    const [, port] = (await this.sentinels[0].ask('SENTINEL', 'get-master-addr-by-name', masterName)).split('\n');
    return this.servers.find((server) => server.port === Number(port));
  }

  async untilServed(business, before) {
    const serves = async () => {
      const master = await this.masterOf();
      return master !== before && (await master.ask('ROLE')).startsWith('master');
    };
    await until('the failover', () => serves().catch(() => false));
  }

  keyOf(prefix, business) {
    return `${prefix}:${business}`;
  }

  async ask(...words) {
    return (await this.masterOf()).ask(...words);
  }
}

const masterCount = 3;
const hashSlots = 16_384;
const firstSlot = (master) => Math.floor((master * hashSlots) / masterCount);

export const startRedisCluster = () => started(new Cluster());

/** Servers 0 to 2 start as masters, each with a third of the hash slots; server 3 + n is the replica of server n. */
class Cluster extends Group {
  async start() {
    // By default the port between nodes is 10000 above the other, which may not exist.
    const settings = async () => ({
      ...hurry, 'cluster-enabled': 'yes', 'cluster-node-timeout': String(downAfterMs), 'cluster-port': String(await freePort()),
    });
    for (let i = 0; i < 2 * masterCount; ++i) this.servers.push(await startRedis({ tcp: true, settings }));
    const [first, ...others] = this.servers;
    for (let i = 0; i < masterCount; ++i) {
      await this.servers[i].ask('CLUSTER', 'ADDSLOTSRANGE', String(firstSlot(i)), String(firstSlot(i + 1) - 1));
      await this.servers[i].ask('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1));
    }
    for (const other of others) {
      const [, busPort] = (await other.ask('CONFIG', 'GET', 'cluster-port')).split('\n');
      await first.ask('CLUSTER', 'MEET', '127.0.0.1', String(other.port), busPort);
    }
    const everywhere = (line) => until(line, async () => {
      const all = await Promise.all(this.servers.map((server) => server.ask('CLUSTER', 'INFO')));
      return all.every((text) => text.includes(line));
    });
    await everywhere(`cluster_known_nodes:${this.servers.length}`);
    for (let i = 0; i < masterCount; ++i) {
      const id = await this.servers[i].ask('CLUSTER', 'MYID');
      const replica = this.servers[masterCount + i];
      await until("a replica's acceptance", () => replica.ask('CLUSTER', 'REPLICATE', id), (answer) => answer === 'OK');
    }
    await everywhere('cluster_state:ok');
    for (let i = 0; i < masterCount; ++i) await until('replication', () => isOnline(this.servers[i]));
  }

  /** The masters at the start. */
  get masters() {
    return this.servers.slice(0, masterCount);
  }

  get url() {
    return `redis+cluster://${this.masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** The master of this key at the start. */
  async masterOfKey(key) {
    const slot = Number(await this.#running().ask('CLUSTER', 'KEYSLOT', key));
    return this.masters.findLast((_, i) => firstSlot(i) <= slot);
  }

  masterOf(business) {
    return this.masterOfKey(`{${business}}`);
  }

  async untilServed(business) {
    const answers = () => this.#follow('-e', 'EXISTS', this.keyOf('rec_conf', business)).then(() => true, () => false);
    await until('the failover', answers);
  }

  keyOf(prefix, business) {
    return `${prefix}:{${business}}`;
  }

  #running() {
    return this.servers.find(({ isRunning }) => isRunning);
  }

  async #follow(...words) {
    return (await run('redis-cli', ['-c', '-p', String(this.#running().port), ...words])).stdout.trim();
  }

  /** The answer of the server that has the key; for KEYS, the answers of all masters. */
  async ask(...words) {
    if (words[0] !== 'KEYS') return this.#follow(...words);
    const answers = [];
    for (const server of this.servers.filter(({ isRunning }) => isRunning)) {
      if ((await server.ask('ROLE')).startsWith('master')) answers.push(await server.ask(...words));
    }
    return answers.filter(Boolean).join('\n');
  }
}
