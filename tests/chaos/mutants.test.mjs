// A worker without one of its safeguards must be seen to break the limit; else the tests of whole workers prove nothing.
// The programs are mutants (docs/adr/0022) below TAPEDECK_MUTANTS_DIR.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startProxy } from '../e2e/support/proxy.mjs';
import { startSim } from '../e2e/support/sim.mjs';
import { makeTapedeck } from '../e2e/support/tapedeck.mjs';

const mutantsDir =
  process.env.TAPEDECK_MUTANTS_DIR ?? fileURLToPath(new URL('../../build/dev/mutants', import.meta.url));
const limit = 3;
// Longer than a lease, and than the second worker takes to get the slots.
const downloadMs = 60_000;

let sim;
let deck;
let proxy;

before(async () => (sim = await startSim()));
after(async () => sim?.stop());
afterEach(async () => {
  await deck?.destroy();
  await proxy?.stop();
  deck = proxy = undefined;
});

// Starts two workers. The first has all slots of a business, and reaches Redis through a proxy.
async function startWorkers(mutant) {
  deck = await makeTapedeck({ sim, nodes: ['api'] });
  proxy = await startProxy(deck.redis.socket);
  await deck.start();
  const binary = mutant && path.join(mutantsDir, `tapedeck_${mutant}`);
  const first = await deck.startNode('worker', { binary, settings: { REDIS_URL: proxy.url } });
  const account = await sim.addAccount();
  const business = await deck.addBusiness('acme', account);
  await sim.clearRules();
  await sim.addRule({ fault: 'stall', account: account.sid, after_bytes: 1000, for_ms: downloadMs });
  const recordings = await sim.addRecordings({ account: account.sid, count: limit, duration_s: 5 });
  for (const one of recordings) {
    await deck.tell(business, one);
    await deck.press(business, one.call);
  }
  const ofAccount = async () => (await sim.stats()).accounts[account.sid];
  await sim.untilStats((stats) => stats.accounts[account.sid]?.current === limit);
  await deck.startNode('worker');
  // The second worker starts what the first one had.
  const untilTakenOver = async () => {
    await sim.untilStats((stats) => stats.accounts[account.sid].started === 2 * limit);
    return (await ofAccount()).greatest;
  };
  return { first, untilTakenOver };
}

test('a worker that is cut off from Redis closes its downloads before somebody else may have its slots', async () => {
  const { untilTakenOver } = await startWorkers();
  proxy.mode = 'black hole';
  assert.equal(await untilTakenOver(), limit);
});

test('no_self_fence: a worker that goes on downloading under leases that it cannot renew breaks the limit', async () => {
  const { untilTakenOver } = await startWorkers('no_self_fence');
  proxy.mode = 'black hole';
  assert.ok(await untilTakenOver() > limit);
});

test('no_supervisor: a worker that stalls and that nobody kills breaks the limit', async () => {
  const { first, untilTakenOver } = await startWorkers('no_supervisor');
  first.child.kill('SIGSTOP');
  assert.ok(await untilTakenOver() > limit);
});
