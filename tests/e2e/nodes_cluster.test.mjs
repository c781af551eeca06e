// Several processes on a Redis Cluster of three masters with replicas. One master is killed under load.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { apisOf, assertFailoverIsSurvived, assertStoredWithinTheLimit, pressUntilTaken } from './support/failover.mjs';
import { makeBusiness } from './support/nodes.mjs';
import { startRedisCluster } from '../../tools/services/redis_groups.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck } from './support/tapedeck.mjs';

let sim;
let deck;

before(async () => (sim = await startSim()));
after(async () => sim?.stop());
beforeEach(() => sim.clearRules());
afterEach(async () => {
  await deck?.destroy();
  deck = undefined;
});

async function startDeck(nodes) {
  deck = await makeTapedeck({ sim, nodes, redis: await startRedisCluster() });
  await deck.start();
}

test('recordings requested before, during and after the death of a master are stored within the limit', async () => {
  await startDeck(['api', 'api', 'worker', 'worker']);
  await assertFailoverIsSurvived(deck, { downloadMs: 1_500 });
});

test('businesses on other masters continue while one master is down', async () => {
  await startDeck(['api', 'worker']);
  const { redis } = deck;
  // The keys that all businesses share are on one or two masters: the third is killed.
  const shared = [await redis.masterOfKey('rec_due'), await redis.masterOfKey('rec_ready:{0}:play')];
  const away = redis.masters.find((server) => !shared.includes(server));
  let here;
  let elsewhere;
  for (let i = 0; !here || !elsewhere; ++i) {
    const id = `tenant-${i}`;
    if ((await redis.masterOf(id)) === away) here ??= await makeBusiness(deck, 6, { id });
    else elsewhere ??= await makeBusiness(deck, 6, { id });
  }
  await deck.press(here.business, here.calls[0]);
  await deck.untilState(here.business, here.calls[0], 'stored');

  await away.kill();
  for (const sid of elsewhere.calls) assert.equal((await deck.press(elsewhere.business, sid)).status, 202);
  for (const sid of here.calls.slice(1)) await pressUntilTaken(apisOf(deck)[0], here.business, sid);
  await assertStoredWithinTheLimit(deck, elsewhere);
  await assertStoredWithinTheLimit(deck, here);
});
