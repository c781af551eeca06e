// The faults of the cluster. Each function causes its fault, waits, ends the fault, and returns the name to count.

import { readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { modes } from '../e2e/support/proxy.mjs';

// A stopped process outlives its lease unless somebody kills it.
const stoppedMs = 17_000;
const downMaxMs = 3_000;
const cutMaxMs = 10_000;
const pauseMaxMs = 4_000;
const fullMs = [2_000, 6_000];
const fillAgainMs = 50;
// Number of workers in which a kill searches for an open download.
const looks = 6;

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // it had ended
  }
}

/** kill -9 of the process of a worker, mostly of one with an open download. */
export async function killWorker({ cluster, downloads, random, counts }) {
  for (let look = 1; look <= looks; ++look) {
    const worker = random.of(cluster.of('worker'));
    const child = worker && (await cluster.deck.childOf(worker.node));
    if (!child) continue;
    const isOpen = (await downloads.openOf(child)) > 0;
    if (!isOpen && look < looks) {
      await pause(30);
      continue;
    }
    if (!kill(child, 'SIGKILL')) continue;
    ++counts.kills;
    if (isOpen) ++counts.killsOfOpen;
    return;
  }
}

/** kill -9 of a supervisor or an API, which is started again. */
export async function killMember({ cluster, downloads, random, counts }) {
  const member = random.of(cluster.members.filter(({ isGone }) => !isGone));
  if (!member) return;
  const child = member.role === 'worker' ? await cluster.deck.childOf(member.node) : member.node.child.pid;
  const isOpen = child !== undefined && (await downloads.openOf(child)) > 0;
  await cluster.deck.endNode(member.node, 'SIGKILL');
  ++counts.kills;
  if (isOpen) ++counts.killsOfOpen;
  await pause(random.between(0, downMaxMs));
  await cluster.startMember(member);
}

export async function stopWorker({ cluster, random, counts }) {
  const worker = random.of(cluster.of('worker'));
  const child = worker && (await cluster.deck.childOf(worker.node));
  if (!child || !kill(child, 'SIGSTOP')) return;
  ++counts.stops;
  await pause(stoppedMs);
  kill(child, 'SIGCONT');
}

export async function restartRedis({ cluster, random, counts }) {
  await cluster.redis.kill();
  await pause(random.between(0, downMaxMs));
  if (random.next() < 0.5 && (await truncateLog(cluster.redis, random))) ++counts.truncations;
  await cluster.redis.start();
  ++counts.redisRestarts;
}

// As if the machine had lost its last seconds of writes.
async function truncateLog(redis, random) {
  const folder = path.join(redis.directory, 'appendonlydir');
  const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'));
  if (!name) return false;
  const file = path.join(folder, name);
  const { size } = await stat(file);
  await truncate(file, Math.floor(size * random.between(0.5, 1)));
  return true;
}

export async function forgetAll({ cluster, counts }) {
  await cluster.redis.ask('FLUSHALL');
  ++counts.flushes;
}

export async function pauseRedis({ cluster, random, counts }) {
  const ms = Math.floor(random.between(500, pauseMaxMs));
  await cluster.redis.ask('CLIENT', 'PAUSE', String(ms));
  ++counts.pauses;
  await pause(ms);
}

/** The connections of one process to Redis: blocked, delayed, slow or reset. */
export async function cutOff({ cluster, random, counts }) {
  const { proxy } = random.of(cluster.members);
  ++counts.cuts;
  if (random.next() < 0.25) return proxy.reset();
  proxy.mode = random.of(modes);
  await pause(random.between(1_000, cutMaxMs));
  proxy.mode = 'pass';
  proxy.reset(); // what was swallowed is missing for good
}

/** A full disk under DATA_DIR: neither recordings nor rows of the call store can be written. */
export async function fillDisk({ cluster, random, counts }) {
  const before = cluster.deck.lines.length;
  const until = Date.now() + random.between(...fullMs);
  const hindered = cluster.hinder();
  ++counts.fullDisks;
  while (Date.now() < until) {
    await cluster.disk.fill(await cluster.pids());
    await pause(fillAgainMs);
  }
  await cluster.disk.free(await cluster.pids());
  hindered();
  if (cluster.deck.lines.slice(before).some((line) => line.includes('cause=disk_full'))) ++counts.feltFullDisks;
}

/** A crash of PostgreSQL: uncommitted changes are lost, and it is down for a while. */
export async function restartPostgres({ cluster, random, counts }) {
  const hindered = cluster.hinder();
  await cluster.postgres.kill();
  await pause(random.between(0, downMaxMs));
  await cluster.postgres.start();
  hindered();
  ++counts.postgresRestarts;
}

/** The object store ends, stalls, or has a bad connection. */
export async function storageFault({ cluster, random, counts }) {
  ++counts.storageFaults;
  const kind = random.of(['end', 'stop', 'reset', ...modes]);
  if (kind === 'end') {
    await cluster.s3.kill();
    await pause(random.between(0, downMaxMs));
    await cluster.s3.start();
  } else if (kind === 'stop') {
    cluster.s3.signal('SIGSTOP');
    await pause(random.between(500, cutMaxMs));
    cluster.s3.signal('SIGCONT');
  } else if (kind === 'reset') {
    cluster.storage.reset();
  } else {
    cluster.storage.mode = kind;
    await pause(random.between(1_000, cutMaxMs));
    cluster.storage.mode = 'pass';
    cluster.storage.reset(); // what was swallowed is missing for good
  }
}

export async function providerFault({ cluster, random, counts }) {
  const rule = random.of([
    { fault: 'status', status: 503 },
    { fault: 'status', status: 429, retry_after_s: 1 },
    { fault: 'close', after_bytes: 2000, how: 'rst' },
    { fault: 'close', before_header: true, how: 'fin' },
    { fault: 'not_ready' },
    { fault: 'error_body', format: 'xml' },
  ]);
  const id = await cluster.sim.addRule({ ...rule, probability: 0.3 });
  ++counts.providerFaults;
  await pause(random.between(1_000, 5_000));
  await cluster.sim.removeRule(id);
}
