// Recordings that do not play at once, and what the business and the operator can do: failed, absent, deleted, cancelled,
// delayed; limits, pauses, keys and links, while the server runs.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, publicUrl, until } from './support/tapedeck.mjs';

const hung = { fault: 'stall', after_bytes: 1000 };
// Makes each download of an account last: the provider stalls in the middle for this long.
const slow = (account, ms) => ({ ...hung, account: account.sid, for_ms: ms });

let sim;
let deck;
let businesses = 0;

before(async () => {
  sim = await startSim();
  deck = await makeTapedeck({ sim });
  await deck.start();
});

after(async () => {
  await deck?.destroy();
  await sim?.stop();
});

beforeEach(() => sim.clearRules());

async function makeBusiness(count, { options = [], account } = {}) {
  account ??= await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account, ...options);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 5 });
  for (const one of recordings) await deck.tell(business, one);
  return { business, account, recordings, calls: recordings.map(({ call }) => call) };
}

const requestsOf = async ({ sid }) => (await sim.stats()).recordings[sid]?.requested ?? 0;
const currentOf = async ({ sid }) => (await sim.stats()).accounts[sid]?.current ?? 0;

function assertProblem(answer, status) {
  assert.equal(answer.status, status, answer.body.toString());
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.status, status);
  for (const member of ['type', 'title', 'detail']) assert.ok(answer.json[member].length > 0, member);
}

async function assertPlays(business, call, recording) {
  const answer = await deck.play(business, call);
  assert.equal(answer.status, 200, answer.body.toString());
  const { sha256 } = (await sim.recording(recording.sid)).media.mp3_1;
  assert.equal(createHash('sha256').update(answer.body).digest('hex'), sha256);
}

test('a permanently failed recording is 424 with the cause until a retry, and then plays', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  const rule = await sim.addRule({ fault: 'status', status: 418, account: account.sid });
  await deck.press(business, sid);
  await deck.untilState(business, sid, 'failed');
  for (let again = 0; again < 3; ++again) {
    const answer = await deck.press(business, sid);
    assertProblem(answer, 424);
    assert.equal(answer.json.state, 'failed');
    assert.equal(answer.json.cause.code, 'provider_rejected');
    assert.match(answer.json.cause.detail, /418/);
  }
  assert.equal(await requestsOf(recording), 1, 'presses on a failed recording ask the provider for nothing');
  await deck.untilLines(() => deck.linesOf(business, ['RECORDING_DONE']).length === 1);
  const failed = deck.linesOf(business, ['RECORDING_FAILED']);
  assert.equal(failed.length, 1);
  assert.match(failed[0], /cause=provider_rejected/);
  const lines = deck.linesOf(business);
  assert.ok(lines.indexOf(failed[0]) < lines.findIndex((line) => line.includes('RECORDING_DONE')), 'the cause comes first');

  await sim.removeRule(rule);
  const retried = await deck.post(business, sid, 'retry');
  assert.equal(retried.status, 202);
  assert.equal(retried.json.status, 'processing');
  await assertPlays(business, sid, recording);
});

test('a recording absent at the provider is 410', async () => {
  const { business, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  await sim.changeRecording(recording.sid, { status: 'absent' });
  await deck.press(business, sid);
  await deck.untilState(business, sid, 'absent');
  const answer = await deck.press(business, sid);
  assertProblem(answer, 410);
  assert.equal(answer.json.state, 'absent');
});

test('a deleted recording is 410, and its file is gone', async () => {
  const { business, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  await assertPlays(business, sid, recording);
  const filesOf = async () => (await deck.blobFiles()).filter(({ name }) => name.startsWith(recording.sid));
  assert.equal((await filesOf()).filter(({ name }) => name.endsWith('.mp3')).length, 1);
  const remove = () => deck.request('DELETE', `/api/recordings/${sid}`, { key: business.key });
  assert.equal((await remove()).status, 204);
  assert.deepEqual((await filesOf()).filter(({ name }) => name.endsWith('.mp3')), []);
  await until('no file', filesOf, ({ length }) => length === 0);  // a waveform may have been on its way
  const answer = await deck.press(business, sid);
  assertProblem(answer, 410);
  assert.equal(answer.json.state, 'deleted');
  assert.equal((await deck.status(business, sid)).state, 'deleted');
  assertProblem(await deck.post(business, sid, 'link'), 410);
  assertProblem(await deck.post(business, sid, 'retry'), 410);
  assert.equal(await requestsOf(recording), 1);
});

test('deleting a recording during its download leaves no file and no slot behind', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  await sim.addRule(slow(account, 1000));
  await deck.press(business, sid);
  await sim.untilStats((stats) => stats.accounts[account.sid]?.current === 1);
  assert.equal((await deck.request('DELETE', `/api/recordings/${sid}`, { key: business.key })).status, 204);
  await until('a free slot', () => deck.queue(business), (queue) => queue.active_count === 0);
  assertProblem(await deck.press(business, sid), 410);
  const filesOf = async () => (await deck.blobFiles()).filter(({ name }) => name.startsWith(recording.sid));
  assert.deepEqual(await filesOf(), []);
});

test('cancelling removes a waiting recording from the queue, and those behind it move up', async () => {
  const { business, account, recordings, calls } = await makeBusiness(6);
  await sim.addRule({ ...hung, account: account.sid });
  for (const sid of calls) await deck.press(business, sid);
  const cancelled = await deck.post(business, calls[4], 'cancel');
  assert.equal(cancelled.status, 200);
  assert.equal(cancelled.json.state, 'remote');
  assert.equal((await deck.status(business, calls[5])).position, 2);
  assert.equal((await deck.queue(business)).queue_length, 2);
  assertProblem(await deck.post(business, calls[4], 'cancel'), 409);
  assert.equal(await requestsOf(recordings[4]), 0);
  assert.deepEqual((await deck.press(business, calls[4])).json, { status: 'queued', position: 3, queue_length: 3 });
});

test('a delayed recording is 202 queued with why and retry_at, without a position; a retry starts at once', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  const rule = await sim.addRule({ fault: 'status', status: 503, retry_after_s: 1800, account: account.sid });
  await deck.press(business, sid);
  const status = await deck.untilStatus(business, sid, ({ retry_at: at }) => at !== null);
  assert.equal(status.state, 'queued');
  assert.equal(status.attempts, 1);
  assert.equal(status.cause.code, 'provider_server_error');
  const answer = await deck.press(business, sid);
  assert.equal(answer.status, 202);
  assert.equal(answer.json.status, 'queued');
  assert.equal(answer.json.position, undefined);
  assert.match(answer.json.why, /503/);
  const left = Date.parse(answer.json.retry_at) - Date.now();
  assert.ok(left > 1_700_000 && left < 1_900_000, `${left} ms, of about 1800 s that the provider asked for`);
  assert.equal(answer.headers['retry-after'], '60');
  const queue = await deck.queue(business);
  assert.deepEqual([queue.active_count, queue.queue_length, queue.delayed_count], [0, 0, 1]);
  assert.equal(await requestsOf(recording), 1);

  await sim.removeRule(rule);
  assert.equal((await deck.post(business, sid, 'retry')).json.status, 'processing');
  await assertPlays(business, sid, recording);
});

test('a delayed recording holds no slot', async () => {
  const { business, account, recordings, calls } = await makeBusiness(7);
  for (const { sid } of recordings.slice(0, 4)) {
    await sim.addRule({ fault: 'status', status: 500, retry_after_s: 600, recording: sid, account: account.sid });
  }
  for (const sid of calls) await deck.press(business, sid);
  for (const sid of calls.slice(4)) await deck.untilState(business, sid, 'stored');
  const queue = await deck.queue(business);
  assert.deepEqual([queue.active_count, queue.queue_length, queue.delayed_count], [0, 0, 4]);
});

test('the initial limit of a business holds from its first press', async () => {
  const { business, account, calls } = await makeBusiness(4, { options: ['--limit', '1'] });
  await sim.addRule(slow(account, 500));
  await Promise.all(calls.map((sid) => deck.press(business, sid)));
  for (const sid of calls) await deck.untilState(business, sid, 'stored');
  assert.equal((await sim.stats()).accounts[account.sid].greatest, 1);
});

test('a limit changed by the command applies to the running server, upwards and downwards', async () => {
  const { business, account, calls } = await makeBusiness(12);
  await sim.addRule({ ...hung, account: account.sid });
  for (const sid of calls) await deck.press(business, sid);
  await until('three downloads', () => currentOf(account), (current) => current === 3);
  await deck.command('business', 'set', business.id, '--limit', '5');
  await until('five downloads', () => currentOf(account), (current) => current === 5);
  const queue = await deck.queue(business);
  assert.deepEqual([queue.limit, queue.active_count, queue.queue_length], [5, 5, 7]);
  assert.equal((await sim.stats()).accounts[account.sid].greatest, 5);
});

test('a lower limit lets running downloads finish, and starts none until there is room', async () => {
  const { business, account, calls } = await makeBusiness(9);
  await sim.addRule(slow(account, 2500));
  for (const sid of calls) await deck.press(business, sid);
  await until('three downloads', () => currentOf(account), (current) => current === 3);
  await deck.command('business', 'set', business.id, '--limit', '1');
  await until('the new limit', () => deck.queue(business), (queue) => queue.limit === 1);
  assert.equal(await currentOf(account), 3);
  await sim.clearRules();
  await sim.addRule(slow(account, 200));
  const before = (await sim.log()).at(-1).n;
  for (const sid of calls) await deck.untilState(business, sid, 'stored');
  let open = 3;
  for (const { event, resource, account: of } of await sim.log(before + 1)) {
    if (resource !== 'media' || of !== account.sid) continue;
    if (event === 'end') --open;
    if (event !== 'request') continue;
    assert.equal(++open, 1, 'each later download is alone');
  }
});

test('a pause by the command keeps presses waiting and says so; resume starts them', async () => {
  const { business, account, recordings, calls } = await makeBusiness(5);
  await deck.command('business', 'pause', business.id);
  await until('the pause', () => deck.queue(business), (queue) => queue.blocked !== null);
  for (const sid of calls) await deck.press(business, sid);
  const status = await deck.status(business, calls[1]);
  assert.deepEqual([status.state, status.position], ['queued', 2]);
  assert.match(status.why, /paused/);
  assert.equal((await sim.stats()).accounts[account.sid]?.started ?? 0, 0);
  await deck.command('business', 'resume', business.id);
  for (const [i, sid] of calls.entries()) await assertPlays(business, sid, recordings[i]);
});

test('a pause outlives a 429 that comes while it holds', async () => {
  const { business, account, recordings, calls } = await makeBusiness(3);
  await sim.addRule({ fault: 'latency', recording: recordings[0].sid, ms: 2500 });
  await sim.addRule({ fault: 'status', status: 429, retry_after_s: 1, recording: recordings[0].sid });
  await deck.press(business, calls[0]);
  await until('a download', () => currentOf(account), (current) => current === 1);
  await deck.command('business', 'pause', business.id);
  await until('the pause', () => deck.queue(business), (queue) => queue.blocked !== null);
  await deck.press(business, calls[1]);
  const { retry_at: retryAt } = await deck.untilStatus(business, calls[0], (status) => status.retry_at !== null);
  // The operator's pause must still hold well after the second of the account.
  await until('the end of the second', async () => Date.now() > Date.parse(retryAt) + 2500);
  const queue = await deck.queue(business);
  assert.match(queue.blocked?.why ?? 'not blocked', /paused/);
  assert.equal(await requestsOf(recordings[1]), 0);
});

test('a new key works on the running server at once, and a revoked one is refused within a moment', async () => {
  const { business, calls: [sid] } = await makeBusiness(1);
  const made = await deck.command('key', 'create', '--business', business.id, '--name', 'spare');
  const key = made.stdout.trim();
  assert.match(key, /^\S+$/);
  assert.equal((await deck.request('GET', '/api/calls', { key })).status, 200);
  const list = JSON.parse((await deck.command('key', 'list', '--json')).stdout);
  const { id } = list.find((one) => one.business === business.id && one.name === 'spare');
  await deck.command('key', 'revoke', String(id));
  const refused = await until('the refusal', () => deck.request('GET', '/api/calls', { key }), ({ status }) => status !== 200, 5000);
  assertProblem(refused, 401);
  assertProblem(await deck.request('GET', `/api/recordings/${sid}/stream`, { key }), 401);
  assert.equal((await deck.get(business, '/api/calls')).status, 200, 'the other key is as good as before');
});

test('an operator acts for the named business, and a request without a key is refused', async () => {
  const { business, calls: [sid] } = await makeBusiness(1);
  const operator = (target, headers = {}) => deck.request('GET', target, { key: deck.operatorKey, headers });
  const named = await operator('/api/calls', { 'X-Business-Id': business.id });
  assert.deepEqual(named.json.calls.map((call) => call.call_sid), [sid]);
  assertProblem(await operator('/api/calls'), 400);
  assertProblem(await operator('/api/calls', { 'X-Business-Id': 'nobody-s' }), 404);
  assertProblem(await deck.request('GET', '/api/calls'), 401);
  assertProblem(await deck.request('GET', '/api/calls', { key: `${business.key}x` }), 401);
  const foreign = await deck.get(business, '/api/calls', { headers: { 'X-Business-Id': 'business-1' } });
  assert.notEqual(foreign.status, 200, 'a business cannot name another');
});

test('a signed link plays one recording without a key until it expires', async () => {
  const { business, recordings, calls } = await makeBusiness(2);
  for (const [i, sid] of calls.entries()) await assertPlays(business, sid, recordings[i]);
  const made = await deck.post(business, calls[0], 'link', { expires_in: 3 });
  assert.equal(made.status, 200);
  assert.ok(made.json.url.startsWith(`${publicUrl}/api/recordings/${calls[0]}/stream?`));
  assert.ok(Date.parse(made.json.expires_at) <= Date.now() + 4000);
  const target = made.json.url.slice(publicUrl.length);
  assert.equal((await deck.request('GET', target)).status, 200);
  assertProblem(await deck.request('GET', target.replace(calls[0], calls[1])), 401);
  assertProblem(await deck.request('GET', target.replace(/exp=\d+/, (exp) => `${exp}0`)), 401);
  const status = target.replace('/stream?', '/status?');
  assert.notEqual((await deck.request('GET', status)).status, 200, 'it plays, and does nothing else');
  const expired = await until('the end of the link', () => deck.request('GET', target), (answer) => answer.status !== 200);
  assertProblem(expired, 401);
  assert.ok(Date.now() >= Date.parse(made.json.expires_at) - 1000);
});
