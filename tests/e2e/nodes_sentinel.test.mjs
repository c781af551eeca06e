// Several processes on a Redis with Sentinels. The master is killed under load.

import { after, test } from 'node:test';

import { assertFailoverIsSurvived } from './support/failover.mjs';
import { startSentinels } from '../../tools/services/redis_groups.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck } from './support/tapedeck.mjs';

let sim;
let deck;

after(async () => {
  await deck?.destroy();
  await sim?.stop();
});

// The downloads are open when the replica takes over: nothing may be granted until their leases would have ended.
test('recordings requested before, during and after the death of the master are stored within the limit', async () => {
  sim = await startSim();
  deck = await makeTapedeck({ sim, nodes: ['api', 'api', 'worker', 'worker'], redis: await startSentinels() });
  await deck.start();
  await assertFailoverIsSurvived(deck, { downloadMs: 4_000 });
});
