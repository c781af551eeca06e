// Each safeguard of a worker, taken away: the limit must be seen to break, or the tests of the whole ones prove nothing.
// The programs are the dev build's, where TAPEDECK_PLANTED_BUG takes a safeguard away.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { startProxy } from '../e2e/support/proxy.mjs';
import { startSim } from '../e2e/support/sim.mjs';
import { makeTapedeck } from '../e2e/support/tapedeck.mjs';

const limit = 3;
// Longer than a lease lives, and until somebody else has the slots.
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

// Two workers, of which the first has all slots of a business and reaches Redis through a proxy.
async function startWorkers(planted) {
  deck = await makeTapedeck({ sim, nodes: ['api'] });
  proxy = await startProxy(deck.redis.socket);
  await deck.start();
  const settings = { REDIS_URL: proxy.url, ...(planted && { TAPEDECK_PLANTED_BUG: planted }) };
  const first = await deck.startNode('worker', { settings });
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
  // What the first had is started once more, by the second.
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

test('no_self_fence: a worker that goes on downloading under leases which it cannot renew is caught', async () => {
  const { untilTakenOver } = await startWorkers('no_self_fence');
  proxy.mode = 'black hole';
  assert.ok(await untilTakenOver() > limit);
});

test('no_supervisor: a worker that stalls and that nobody kills is caught', async () => {
  const { first, untilTakenOver } = await startWorkers('no_supervisor');
  first.child.kill('SIGSTOP');
  assert.ok(await untilTakenOver() > limit);
});
