// Shared by the tests of several processes: businesses with recordings, and checks of the limit and of the leftovers.

import assert from 'node:assert/strict';

import { until } from '../../../tools/services/until.mjs';

let businesses = 0;

/** A fault of the simulator: each download of this account stalls in the middle for so long. */
export const slow = (account, ms) => ({ fault: 'stall', account: account.sid, after_bytes: 1000, for_ms: ms });

/** A business with `count` announced calls. `id`: of the business; by default a new one. */
export async function makeBusiness(deck, count, { id = `business-${++businesses}`, ...recording } = {}) {
  const account = await deck.sim.addAccount();
  const business = await deck.addBusiness(id, account);
  const recordings = await deck.sim.addRecordings({ account: account.sid, count, duration_s: 5, ...recording });
  for (const one of recordings) await deck.tell(business, one);
  return { business, account, recordings, calls: recordings.map(({ call }) => call) };
}

export async function downloadsOf(deck, account) {
  return (await deck.sim.stats()).accounts[account.sid] ?? { started: 0, greatest: 0, current: 0 };
}

export const untilRunning = (deck, account, count) =>
  deck.sim.untilStats((stats) => stats.accounts[account.sid]?.current === count);

export async function untilAllStored(deck, business, calls) {
  for (const sid of calls) await deck.untilState(business, sid, 'stored');
}

export async function assertNothingLeft(deck, business) {
  const key = (prefix) => deck.redis.keyOf(prefix, business.id);
  const ask = (...words) => deck.redis.ask(...words);
  await until('slots at rest', async () => Number(await ask('SCARD', key('rec_slots'))), (count) => count === 0);
  assert.equal(await ask('LLEN', key('rec_queue')), '0');
  assert.equal(await ask('SCARD', key('rec_queued')), '0');
  // A new master may still have to delete expired keys.
  await until('locks at rest', () => ask('KEYS', `${key('rec_inflight')}:*`), (keys) => keys === '');
}
