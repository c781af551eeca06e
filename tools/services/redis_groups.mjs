// Several Redis servers that take over from each other, in a hurry: a master with its replica and three Sentinels, or a
// Cluster of three masters with a replica each. They stand where one Redis does (redis.mjs), with url, ask() and destroy().
//
//   const redis = await startSentinels();        // or startRedisCluster()
//   await redis.ask('SCARD', 'rec_slots:acme');  // of whoever serves the key now
//   const master = await redis.masterOf('acme');
//   await master.kill();
//   await redis.untilServed('acme', master);     // another one serves the keys of this business by now

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { freePort } from './free_port.mjs';
import { startRedis } from './redis.mjs';
import { until } from './until.mjs';

const run = promisify(execFile);

// How long a node may be silent before it counts as gone: so that a failover takes a second or two, and yet a loaded
// machine has none of its own.
const downAfterMs = 1_000;
// Replicas are not waited for before their first copy is made, which would be 5 s.
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
// The first Sentinel alone begins a failover soon, and needs the others' votes: three that begin at once split them.
const laterMs = 10_000;
// By themselves they look around and talk every ten seconds and two; and do nothing for 30 s after their clock has jumped
// by 2 s, which is what a machine without time looks like.
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

  /** Whom the first Sentinel names. */
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

/** Servers 0 to 2 begin as the masters of a third of the hash slots each, and server 3 + n as the replica of server n. */
class Cluster extends Group {
  async start() {
    // The port on which the nodes talk is 10000 above the other by itself, where there may be none.
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

  /** Those that are at the beginning. */
  get masters() {
    return this.servers.slice(0, masterCount);
  }

  get url() {
    return `redis+cluster://${this.masters.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** The server that serves this key at the beginning. */
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

  /** The answer of whoever serves the key; of KEYS, those of all masters. */
  async ask(...words) {
    if (words[0] !== 'KEYS') return this.#follow(...words);
    const answers = [];
    for (const server of this.servers.filter(({ isRunning }) => isRunning)) {
      if ((await server.ask('ROLE')).startsWith('master')) answers.push(await server.ask(...words));
    }
    return answers.filter(Boolean).join('\n');
  }
}
