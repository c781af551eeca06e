// The complete cycles (add, process, finish) of one peer on the Redis at this port: a closed loop like ours, in which each
// processed job adds the next one. Prints one line of JSON.
//
//   node peer.mjs bullmq|groupmq PORT SECONDS

import { Redis } from 'ioredis';

const [name, port, seconds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const groups = 1_000;
const waitingPerGroup = 5;
const concurrency = 64;
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };

const peers = {
  // No limit per tenant: its open-source edition has none.
  async bullmq(processed) {
    const { Queue, Worker } = await import('bullmq');
    const options = { connection, prefix: 'peer' };
    const queue = new Queue('jobs', options);
    const add = (group) => queue.add('job', { group }, { removeOnComplete: true, removeOnFail: true });
    for (let i = 0; i < groups * waitingPerGroup; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => add((i + j) % groups)));
    }
    const worker = new Worker('jobs', async (job) => processed(() => add(job.data.group)), { ...options, concurrency });
    return () => worker.close(true);
  },
  // One at a time in each group.
  async groupmq(processed) {
    const { Queue, Worker } = await import('groupmq');
    const redis = new Redis(connection);
    const queue = new Queue({ redis, namespace: 'peer', keepCompleted: 0, keepFailed: 0 });
    const add = (group) => queue.add({ groupId: `g${group}`, data: { group } });
    for (let i = 0; i < groups * waitingPerGroup; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => add((i + j) % groups)));
    }
    const worker = new Worker({ queue, concurrency, handler: async (job) => processed(() => add(job.data.group)) });
    worker.run();
    return () => worker.close(0);
  },
};

let cycles = 0;
let isOver = false;
const stop = await peers[name](async (addNext) => {
  if (isOver) return;
  ++cycles;
  await addNext();
});
const before = cycles;
const began = performance.now();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const took = (performance.now() - began) / 1000;
const counted = cycles - before;
isOver = true;
console.log(JSON.stringify({ cycles: counted, seconds: took, per_second: Math.round(counted / took) }));
await Promise.race([stop(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
process.exit(0);
