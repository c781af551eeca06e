// What must hold during a failover of Redis, by Sentinels or by a Cluster (redis_groups.mjs).

import assert from 'node:assert/strict';

import { assertNothingLeft, downloadsOf, makeBusiness, slow, untilAllStored, untilRunning } from './nodes.mjs';
import { until } from '../../../tools/services/until.mjs';

const limit = 3;
// The time that the contract gives a press after the new master serves.
const acceptedAgainMs = 2_000;

export const apisOf = (deck) => deck.nodes.filter(({ role }) => role === 'api');

export async function pressAt(api, business, sid) {
  const answer = await fetch(`${api.url}/api/recordings/${sid}/stream`, { headers: { Authorization: `Bearer ${business.key}` } });
  await answer.arrayBuffer();
  return answer;
}

/** Presses at this API until it is accepted; returns the time. A refusal must say when to retry. */
export async function pressUntilTaken(api, business, sid) {
  await until(`a press of ${sid}`, () => pressAt(api, business, sid), (answer) => {
    if (answer.status === 202) return true;
    assert.equal(answer.status, 503);
    assert.match(answer.headers.get('retry-after'), /^[1-9]\d*$/);
    return false;
  });
  return Date.now();
}

export async function assertStoredWithinTheLimit(deck, { business, account, recordings, calls }) {
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= limit);
  const { recordings: seen } = await deck.sim.stats();
  const extra = recordings.reduce((sum, { sid }) => sum + seen[sid].requested - 1, 0);
  assert.ok(extra <= limit, `${extra} fetches more than recordings, for one fault`);
  await assertNothingLeft(deck, business);
}

/**
 * Kills the master of a busy business, in a deck of two APIs and two workers. Recordings requested before, during and after
 * the failover are stored, the limit holds, and presses are soon accepted again.
 * @param {{downloadMs: number}} options duration of a download of that business
 */
export async function assertFailoverIsSurvived(deck, { downloadMs }) {
  const { redis, sim } = deck;
  const [first, second] = apisOf(deck);
  const busy = await makeBusiness(deck, 12);
  const idle = await makeBusiness(deck, 4);
  await sim.addRule(slow(busy.account, downloadMs));
  const [early, meanwhile, late] = [busy.calls.slice(0, 5), busy.calls.slice(5, 9), busy.calls.slice(9)];
  await deck.press(idle.business, idle.calls[0]);
  await deck.untilState(idle.business, idle.calls[0], 'stored');
  for (const sid of early) assert.equal((await pressAt(first, busy.business, sid)).status, 202);
  await untilRunning(deck, busy.account, limit);

  const master = await redis.masterOf(busy.business.id);
  await master.kill();
  const pressing = Promise.all(meanwhile.map((sid, i) => pressUntilTaken(i % 2 ? first : second, busy.business, sid)));
  await redis.untilServed(busy.business.id, master);
  const served = Date.now();
  const tookMs = Math.max(...(await pressing)) - served;
  assert.ok(tookMs < acceptedAgainMs, `accepted again ${tookMs} ms after a successor served`);

  // This business had no open download, so it need not wait for old leases to end.
  for (const sid of idle.calls.slice(1)) await pressUntilTaken(second, idle.business, sid);
  await untilAllStored(deck, idle.business, idle.calls);
  for (const sid of late) assert.equal((await pressAt(second, busy.business, sid)).status, 202);

  // The killed server returns with its old data, and changes nothing.
  await master.start();
  await until('its being a replica', () => master.ask('ROLE'), (role) => role.startsWith('slave'));
  await assertStoredWithinTheLimit(deck, busy);
  await assertStoredWithinTheLimit(deck, idle);
}
