// Several processes that share a Redis: what each role does and does not do, the keys that operators read, and that the
// limit holds and nothing is lost when a worker dies, stalls or is cut off, and when Redis goes away or forgets.

import assert from 'node:assert/strict';
import http from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startRedis } from '../../tools/services/redis.mjs';
import { assertNothingLeft, downloadsOf, makeBusiness, slow, untilAllStored, untilRunning } from './support/nodes.mjs';
import { startProxy } from './support/proxy.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

// 9 s until the supervisor, 15 s until the lease ends.
const restartMaxMs = 17_000;
// Of a refusal while Redis is known to be away: far less than a command's deadline (2 s) or a try to connect (1.5 s).
const refusedAtOnceMs = 750;
// Of one that had to find out: a command's deadline, and time to say so.
const hangDeadlineMs = 3_000;

let sim;
let deck;

before(async () => (sim = await startSim()));
after(async () => sim?.stop());
beforeEach(() => sim.clearRules());
afterEach(async () => {
  await deck?.destroy();
  deck = undefined;
});

async function startDeck(nodes, options = {}) {
  deck = await makeTapedeck({ sim, nodes, ...options });
  await deck.start();
}

/** Presses, and is refused with a time to come again; returns after how many ms. */
async function refusedAfter(business, sid) {
  const asked = Date.now();
  const refused = await deck.press(business, sid);
  assert.equal(refused.status, 503);
  assert.match(refused.headers['retry-after'], /^[1-9]\d*$/);
  return Date.now() - asked;
}

test('an API downloads nothing, and a worker that comes later does', async () => {
  await startDeck(['api']);
  const { business, account, recordings, calls } = await makeBusiness(deck, 5);
  const seen = (await sim.stats()).requests;
  for (const sid of calls) assert.equal((await deck.press(business, sid)).status, 202);
  assert.equal((await deck.queue(business)).active_count, 3);
  assert.match((await deck.status(business, calls[0])).why, /waiting for a free worker/);
  assert.equal((await sim.stats()).requests, seen);

  const worker = await deck.startNode('worker');
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
  const stats = await sim.stats();
  for (const { sid } of recordings) assert.equal(stats.recordings[sid].requested, 1);
  await assertNothingLeft(deck, business);

  const ask = async (path) => (await fetch(worker.url + path)).status;
  assert.deepEqual([await ask('/healthz'), await ask('/readyz'), await ask('/metrics')], [200, 200, 200]);
  assert.deepEqual([await ask('/'), await ask('/api/calls'), await ask('/docs')], [404, 404, 404]);
});

test('operators read the documented keys with redis-cli', async () => {
  await startDeck(['api', 'worker']);
  const { business, account, calls } = await makeBusiness(deck, 6);
  await sim.addRule({ fault: 'stall', account: account.sid, after_bytes: 1000 });
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  const ask = (...words) => deck.redis.ask(...words);
  const sorted = (text) => text.split('\n').sort();
  assert.deepEqual(sorted(await ask('SMEMBERS', `rec_slots:${business.id}`)), [...calls.slice(0, 3)].sort());
  assert.deepEqual((await ask('LRANGE', `rec_queue:${business.id}`, '0', '-1')).split('\n'), calls.slice(3));
  assert.deepEqual(sorted(await ask('SMEMBERS', `rec_queued:${business.id}`)), [...calls.slice(3)].sort());
  for (const sid of calls.slice(0, 3)) {
    const key = `rec_inflight:${business.id}:${sid}`;
    assert.equal(await ask('GET', key), 'processing');
    const ttl = Number(await ask('TTL', key));
    assert.ok(ttl > 100 && ttl <= 120, `TTL ${ttl}`);
  }
  const ttl = Number(await ask('TTL', `rec_queued:${business.id}`));
  assert.ok(ttl > 1100 && ttl <= 1200, `TTL ${ttl}`);
});

test('the queue command shows who waits and why, and rebuilds a business whose keys were damaged', async () => {
  await startDeck(['api', 'worker']);
  const { business, account, calls } = await makeBusiness(deck, 5);
  await sim.addRule(slow(account, 2000));
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  const [shown] = JSON.parse((await deck.command('queue', '--business', business.id, '--json')).stdout);
  assert.equal(shown.business_id, business.id);
  assert.deepEqual([shown.active_count, shown.limit, shown.queue_length], [3, 3, 2]);
  assert.deepEqual(shown.waiting.map(({ sid, position }) => [sid, position]), [[calls[3], 1], [calls[4], 2]]);
  assert.equal(shown.waiting[0].why, '3 of 3 downloads of this business are running');
  assert.match((await deck.command('queue')).stdout, new RegExp(`${business.id} +${calls[3]} +waiting +play 1 `));

  await deck.redis.ask('DEL', `rec_queue:${business.id}`);
  await deck.redis.ask('SET', `rec_queue:${business.id}`, 'nonsense');
  const repaired = await deck.run(['queue', '--business', business.id, '--repair']);
  assert.equal(repaired.code, 0, repaired.stderr);
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
  await assertNothingLeft(deck, business);
});

test('doctor says what is amiss with Redis, and a wrong address', async () => {
  await startDeck(['api']);
  const examine = async (settings) => JSON.parse((await deck.run(['doctor', '--offline', '--json'], { settings })).stdout);
  const ofRedis = (findings) => findings.filter(({ about }) => about === 'REDIS_URL');
  assert.deepEqual(ofRedis(await examine({})).map(({ verdict }) => verdict), ['ok']);
  await deck.redis.ask('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const [broken] = ofRedis(await examine({}));
  assert.equal(broken.verdict, 'broken');
  assert.match(broken.mend, /noeviction/);
  const [away] = ofRedis(await examine({ REDIS_URL: 'redis://127.0.0.1:1' }));
  assert.equal(away.verdict, 'broken');
});

test('presses at two APIs and two workers are one queue with one limit', async () => {
  await startDeck(['api', 'api', 'worker', 'worker']);
  const { business, account, recordings, calls } = await makeBusiness(deck, 30);
  await sim.addRule(slow(account, 100));
  const second = deck.nodes[1].url;
  const pressAtSecond = (sid) =>
    fetch(`${second}/api/recordings/${sid}/stream`, { headers: { Authorization: `Bearer ${business.key}` } });
  const statuses = await Promise.all(
    calls.flatMap((sid) => [deck.press(business, sid), pressAtSecond(sid)]).map(async (answer) => (await answer).status),
  );
  assert.ok(statuses.every((status) => status === 202));
  await untilAllStored(deck, business, calls);
  assert.equal((await downloadsOf(deck, account)).greatest, 3);
  const stats = await sim.stats();
  for (const { sid } of recordings) assert.equal(stats.recordings[sid].requested, 1);
  const again = await pressAtSecond(calls[0]);
  assert.equal(again.status, 200);
  await assertNothingLeft(deck, business);
});

test('a worker without room takes the next recording along with the end of one, round the businesses', async () => {
  await startDeck(['api', 'worker'], { settings: { MAX_CONCURRENT_DOWNLOADS: '1' } });
  const [first, second] = [await makeBusiness(deck, 8), await makeBusiness(deck, 8)];
  for (const { account } of [first, second]) await sim.addRule(slow(account, 50));
  const begin = (await sim.log()).length;
  for (const { business, calls } of [first, second]) {
    for (const sid of calls) assert.equal((await deck.press(business, sid)).status, 202);
  }
  for (const { business, calls } of [first, second]) await untilAllStored(deck, business, calls);
  const fetches = (await sim.log(begin)).filter(({ event, resource }) => event === 'request' && resource === 'media');
  assert.equal(fetches.length, 16);
  // Once both have their slots taken, they come in turn: of any four that follow, each business has one at least.
  const owners = fetches.map(({ recording }) => first.recordings.some(({ sid }) => sid === recording));
  for (let i = 3; i + 4 <= 13; ++i) assert.equal(new Set(owners.slice(i, i + 4)).size, 2, String(owners));
  const metrics = await (await fetch(`${deck.nodes[1].url}/metrics`)).text();
  const along = Number(/tapedeck_redis_script_calls_total\{script="finish_and_claim"\} (\d+)/.exec(metrics)?.[1] ?? 0);
  assert.ok(along >= 10, metrics);
  for (const { business } of [first, second]) await assertNothingLeft(deck, business);
});

test('a thousand presses at once on one recording over four APIs are one download', async () => {
  await startDeck(['api', 'api', 'api', 'api', 'worker']);
  const { business, account, recordings: [{ sid: recording }], calls: [sid] } = await makeBusiness(deck, 1);
  await sim.addRule(slow(account, 2000));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 250 });
  const pressAt = (url) => new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${business.key}` };
    http.get(`${url}/api/recordings/${sid}/stream`, { agent, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    }).once('error', reject);
  });
  const apis = deck.nodes.filter(({ role }) => role === 'api');
  const statuses = await Promise.all(Array.from({ length: 1000 }, (_, i) => pressAt(apis[i % 4].url)));
  agent.destroy();
  assert.deepEqual([...new Set(statuses)], [202]);
  await deck.untilState(business, sid, 'stored');
  assert.equal((await sim.stats()).recordings[recording].requested, 1);
});

test('of many automatic fetches a window waits in Redis, and all are fetched in their order', async () => {
  await startDeck(['api', 'worker']);
  const account = await sim.addAccount();
  const business = await deck.addBusiness('archive', account);
  await deck.command('business', 'pause', business.id);
  await until('the pause', async () => (await deck.queue(business)).blocked, Boolean);
  const recordings = await sim.addRecordings({ account: account.sid, count: 1_100, duration_s: 1 });
  for (const { sid } of recordings) {
    const sent = await sim.webhook({ recording: sid, timeout_ms: 5000, ...deck.webhookOf(business) });
    assert.equal(sent.statuses[204], 1);
  }
  assert.equal(await deck.redis.ask('ZCARD', `rec_fetch:${business.id}`), '1000');
  const before = (await sim.log()).length;
  await deck.command('business', 'resume', business.id);
  await untilAllStored(deck, business, recordings.map(({ call }) => call));
  assert.equal((await downloadsOf(deck, account)).greatest, 3);
  const fetches = (await sim.log(before)).filter(({ event, resource }) => event === 'request' && resource === 'media');
  const places = new Map(fetches.map(({ recording }, place) => [recording, place]));
  // Three run side by side, so that one may be a few places before or behind its own.
  const astray = recordings.filter(({ sid }, place) => Math.abs(places.get(sid) - place) > 5);
  assert.deepEqual(astray.map(({ sid }) => sid), []);
});

test('a recording deleted at one API is soon gone at the other', async () => {
  await startDeck(['api', 'api', 'worker']);
  const { business, calls: [sid] } = await makeBusiness(deck, 1);
  await deck.press(business, sid);
  await deck.untilState(business, sid, 'stored');
  const stream = `${deck.nodes[1].url}/api/recordings/${sid}/stream`;
  const ask = async () => (await fetch(stream, { headers: { Authorization: `Bearer ${business.key}` } })).status;
  assert.equal(await ask(), 200);
  assert.equal((await deck.request('DELETE', `/api/recordings/${sid}`, { key: business.key })).status, 204);
  await until('the other API to say so', ask, (status) => status === 410);
});

test('what Redis forgets is rebuilt from the call store, and the limit holds', async () => {
  await startDeck(['api', 'worker']);
  const { business, account, recordings, calls } = await makeBusiness(deck, 12);
  await sim.addRule(slow(account, 500));
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  await deck.redis.ask('FLUSHALL');
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
  const stats = await sim.stats();
  const extra = recordings.reduce((sum, { sid }) => sum + stats.recordings[sid].requested - 1, 0);
  assert.ok(extra <= 3, `${extra} fetches more than recordings, for one loss`);
  await assertNothingLeft(deck, business);
});

test('while Redis is away what is stored plays, what is cold is refused, webhooks are kept', async () => {
  await startDeck(['api', 'worker']);
  const { business, account, calls: [stored, cold] } = await makeBusiness(deck, 2);
  await deck.press(business, stored);
  await deck.untilState(business, stored, 'stored');
  await deck.redis.kill();

  assert.equal((await deck.press(business, stored)).status, 200);
  const took = [];
  for (let i = 0; i < 3; ++i) took.push(await refusedAfter(business, cold));
  assert.ok(Math.min(...took) < refusedAtOnceMs, `refused after ${took} ms`);
  const announced = await sim.addRecording({ account: account.sid, duration_s: 5 });
  const sent = await sim.webhook({ recording: announced.sid, ...deck.webhookOf(business) });
  assert.deepEqual(sent.statuses, { 204: 1 });
  const ready = await deck.request('GET', '/readyz');
  assert.equal(ready.status, 503);
  assert.equal(ready.json.checks.slot_store, 'unavailable');
  assert.match(ready.json.details.slot_store, /\w/);

  await deck.redis.start();
  const returned = Date.now();
  await until('a press to be taken', () => deck.press(business, cold), (answer) => answer.status === 202);
  const tookMs = Date.now() - returned;
  assert.ok(tookMs < 2000, `${tookMs} ms after Redis answered`);
  await untilAllStored(deck, business, [cold, announced.call]);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
});

test('when Redis cannot be reached, presses are refused at once after the first one, and taken again soon', async () => {
  await startDeck(['api']); // what is refused is wanted all the same: a worker would fetch it meanwhile
  const proxy = await startProxy(deck.redis.socket);
  try {
    deck.url = (await deck.startNode('api', { settings: { REDIS_URL: proxy.url } })).url;
    const { business, calls: [sid] } = await makeBusiness(deck, 1);
    // Connections are taken, and nothing ever comes back, as behind a firewall that swallows packets.
    proxy.mode = 'black hole';
    proxy.reset();
    assert.equal((await deck.press(business, sid)).status, 503);
    const metrics = async () => (await deck.request('GET', '/metrics')).body.toString();
    const failures = async () => Number(/^tapedeck_redis_connect_failures_total (\d+)$/m.exec(await metrics())[1]);
    // Over three more tries to connect, each of which takes longer than that: a press that waited for one would be late. One
    // may be so because the machine is.
    const took = [];
    for (const enough = (await failures()) + 3; (await failures()) < enough; ) took.push(await refusedAfter(business, sid));
    const late = took.filter((ms) => ms >= refusedAtOnceMs);
    assert.ok(late.length <= 1, `refused after ${late} ms`);
    proxy.mode = 'pass';
    proxy.reset();
    const returned = Date.now();
    await until('a press to be taken', () => deck.press(business, sid), (answer) => answer.status === 202);
    assert.ok(Date.now() - returned < 2000, `${Date.now() - returned} ms after Redis answered`);
    await deck.startNode('worker');
    await deck.untilState(business, sid, 'stored');
  } finally {
    await proxy.stop();
  }
});

test('when Redis hangs, a press is refused after its deadline, and taken again soon after Redis answers', async () => {
  await startDeck(['api', 'worker']);
  const { business, calls: [first, second] } = await makeBusiness(deck, 2);
  await deck.press(business, first);
  await deck.untilState(business, first, 'stored');
  deck.redis.signal('SIGSTOP');
  const tookMs = await refusedAfter(business, second).finally(() => deck.redis.signal('SIGCONT'));
  const returned = Date.now();
  assert.ok(tookMs < hangDeadlineMs, `refused after ${tookMs} ms`);
  await until('a press to be taken', () => deck.press(business, second), ({ status }) => status === 202 || status === 200);
  assert.ok(Date.now() - returned < 2000, `${Date.now() - returned} ms after Redis answered`);
  await deck.untilState(business, second, 'stored');
});

test('a worker that is killed gives up its downloads at once, and another fetches them', async () => {
  await startDeck(['api', 'worker', 'worker']);
  const { business, account, calls } = await makeBusiness(deck, 6);
  await sim.addRule(slow(account, 2000));
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  const killed = Date.now();
  await deck.endNode(deck.nodes[1], 'SIGKILL');
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
  assert.ok(Date.now() - killed < restartMaxMs + 10_000);
  await assertNothingLeft(deck, business);
});

test('a worker that stalls is killed before its leases end, and started again', async () => {
  await startDeck(['api', 'worker']);
  const { business, account, calls } = await makeBusiness(deck, 5);
  await sim.addRule(slow(account, 3000));
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  const child = await deck.childOf(deck.nodes[1]);
  process.kill(child, 'SIGSTOP');
  const stopped = Date.now();
  await deck.untilLine((line) => line.includes('WORKER_KILLED'));
  const closed = Date.now() - stopped;
  assert.ok(closed < 12_000, `its connections were open for ${closed} ms`);
  await deck.untilLine((line) => line.includes('WORKER_RESTARTED'));
  await untilAllStored(deck, business, calls);
  assert.ok((await downloadsOf(deck, account)).greatest <= 3);
  await assertNothingLeft(deck, business);
});

test('a worker ends with its supervisor, and drains when it is told to stop', async () => {
  await startDeck(['api', 'worker']);
  const first = await deck.childOf(deck.nodes[1]);
  await deck.endNode(deck.nodes[1], 'SIGKILL');
  const isGone = () => { try { process.kill(first, 0); return false; } catch { return true; } };
  await until('the child to be gone', isGone);

  const worker = await deck.startNode('worker');
  const { business, account, calls } = await makeBusiness(deck, 4);
  await sim.addRule(slow(account, 500));
  for (const sid of calls) await deck.press(business, sid);
  await untilRunning(deck, account, 3);
  const how = await deck.endNode(worker);
  assert.deepEqual(how, { code: 0, signal: null });
  // What ran was finished within the grace; the fourth may have been handed over before the stop, or waits.
  assert.equal((await downloadsOf(deck, account)).current, 0);
  await deck.startNode('worker');
  await untilAllStored(deck, business, calls);
  await assertNothingLeft(deck, business);
});

test('a server without Redis is refused beside those that share the directory', async () => {
  await startDeck(['api']);
  const alone = await deck.run(['serve'], { settings: { REDIS_URL: '' } });
  assert.equal(alone.code, 1);
  assert.match(alone.stderr, /belongs to a running tapedeck \(pid \d+\)/);
});

test('a Redis that may throw keys away is refused, with the sentence that mends it', async () => {
  const redis = await startRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
  deck = await makeTapedeck({ sim, nodes: ['api'], redis });
  const refused = await deck.run(['serve']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /REDIS_URL: .*noeviction/);
});
