// The effects of a press of play, by the events at the provider and the server's log: no download, one download, three and a
// queue. The load of one business does not affect another.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, shortSid } from './support/tapedeck.mjs';

const slotEvents = ['RECORDING_ENQUEUE', 'RECORDING_QUEUED', 'RECORDING_DONE', 'RECORDING_NEXT'];
// Makes each download of an account last: the provider stalls in the middle for this long.
const slow = (account, ms) => ({ fault: 'stall', account: account.sid, after_bytes: 1000, for_ms: ms });

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

// A new business with its own account and this many recordings, which the server knows.
async function makeBusiness(count, recording = {}, ...options) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account, ...options);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 5, ...recording });
  for (const one of recordings) await deck.tell(business, one);
  return { business, account, recordings, calls: recordings.map(({ call }) => call) };
}

const line = (glyph, event, business, sid, rest) => `${glyph} ${event} business_id=${business.id} sid=${shortSid(sid)} ${rest}`;
const enqueue = (business, sid, active) => line('🎧', 'RECORDING_ENQUEUE', business, sid, `active=${active}/3`);
const queued = (business, sid, length) => line('⏳', 'RECORDING_QUEUED', business, sid, `active=3/3 queue_len=${length}`);
const done = (business, sid, active) => line('✅', 'RECORDING_DONE', business, sid, `active=${active}/3`);
const next = (business, sid) => line('➡️', 'RECORDING_NEXT', business, sid, 'active=3/3');

const downloadsOf = async (account) => (await sim.stats()).accounts[account.sid] ?? { started: 0, greatest: 0, completed: 0 };

// The calls of the recordings, in the order of the requests for their media.
async function startsOf(account, recordings) {
  return [...(await endedBefore(account, recordings)).keys()];
}

// The downloads of the account at the provider: for each call, how many had ended when its own began.
async function endedBefore(account, recordings) {
  const callOf = new Map(recordings.map(({ sid, call }) => [sid, call]));
  const before = new Map();
  let ended = 0;
  for (const { event, resource, account: of, recording } of await sim.log()) {
    if (resource !== 'media' || of !== account.sid) continue;
    if (event === 'request') before.set(callOf.get(recording), ended);
    if (event === 'end') ++ended;
  }
  return before;
}

// The order of the hand-overs in the log is exact. On the way to the provider, recordings with slots may overtake each other;
// but a download may begin only after as many have ended as its turn requires.
async function assertFirstInFirstOut({ business, account, recordings, calls }) {
  await deck.untilLines(() => deck.linesOf(business, ['RECORDING_DONE']).length >= calls.length);
  const grants = deck.linesOf(business, ['RECORDING_ENQUEUE', 'RECORDING_NEXT']);
  assert.deepEqual(grants.map((text) => /sid=(\S+)/.exec(text)[1]), calls.map(shortSid));
  const ended = await endedBefore(account, recordings);
  assert.equal(ended.size, calls.length);
  for (const [i, sid] of calls.entries()) {
    assert.ok(ended.get(sid) > i - 3, `press ${i + 1} began when ${ended.get(sid)} had ended`);
  }
}

async function assertEachFetchedOnce(recordings) {
  const stats = await sim.stats();
  for (const { sid } of recordings) {
    assert.equal(stats.recordings[sid]?.requested, 1, `${sid} was asked for once`);
    assert.equal(stats.recordings[sid]?.completed, 1, `${sid} was sent once`);
  }
}

async function assertSameBytes(answer, recordingSid, media = 'mp3_1') {
  const { sha256, bytes } = (await sim.recording(recordingSid)).media[media];
  assert.equal(answer.status, 200);
  assert.equal(answer.body.length, bytes);
  assert.equal(createHash('sha256').update(answer.body).digest('hex'), sha256);
}

test('lists, statuses, HEADs and prefetches send nothing to the provider', async () => {
  const { business, calls } = await makeBusiness(25);
  const before = (await sim.stats()).requests;
  for (let round = 0; round < 4; ++round) {
    const list = await deck.get(business, '/api/calls?limit=10');
    assert.equal(list.json.calls.length, 10);
    assert.equal(list.json.calls[0].recording.state, 'remote');
    await deck.get(business, `/api/calls?limit=10&cursor=${list.json.next_cursor}`);
    await deck.get(business, '/api/queue');
    for (const sid of calls) {
      assert.equal((await deck.status(business, sid)).state, 'remote');
      const stream = `/api/recordings/${sid}/stream`;
      assert.equal((await deck.request('HEAD', stream, { key: business.key })).status, 202);
      for (const headers of [{ 'Sec-Purpose': 'prefetch;prerender' }, { Purpose: 'prefetch' }, { 'X-Moz': 'prefetch' }]) {
        assert.equal((await deck.get(business, stream, { headers })).status, 202);
      }
    }
  }
  // A started fetch would have taken its slot before the answer.
  assert.equal((await deck.queue(business)).active_count, 0);
  assert.equal((await sim.stats()).requests, before);
  assert.deepEqual(deck.linesOf(business), []);
});

test('one press fetches the recording, which then plays', async () => {
  const { business, account, recordings, calls: [sid] } = await makeBusiness(1);
  const pressed = await deck.press(business, sid);
  assert.equal(pressed.status, 202);
  assert.deepEqual(pressed.json, { status: 'processing' });
  assert.match(pressed.headers['retry-after'], /^[1-9]\d*$/);
  await deck.untilState(business, sid, 'stored');
  await assertSameBytes(await deck.press(business, sid), recordings[0].sid);
  const part = await deck.get(business, `/api/recordings/${sid}/stream`, { headers: { Range: 'bytes=100-199' } });
  assert.equal(part.status, 206);
  assert.equal(part.body.length, 100);
  await deck.untilLine((text) => text === done(business, sid, 0));
  assert.deepEqual(deck.linesOf(business, slotEvents), [enqueue(business, sid, 1), done(business, sid, 0)]);
  await assertEachFetchedOnce(recordings);
  assert.equal((await downloadsOf(account)).greatest, 1);
});

test('ten quick presses start three downloads; seven wait and follow in order', async () => {
  const { business, account, recordings, calls } = await makeBusiness(10);
  await sim.addRule(slow(account, 1000));
  const answers = [];
  for (const sid of calls) answers.push(await deck.press(business, sid));
  for (const [i, answer] of answers.entries()) {
    assert.equal(answer.status, 202);
    const expected = i < 3 ? { status: 'processing' } : { status: 'queued', position: i - 2, queue_length: i - 2 };
    assert.deepEqual(answer.json, expected, `press ${i + 1}`);
  }
  const waiting = await deck.status(business, calls[6]);
  assert.equal(waiting.position, 4);
  assert.equal(waiting.queue_length, 7);
  assert.equal(waiting.why, '3 of 3 downloads of this business are running');

  for (const sid of calls) await deck.untilState(business, sid, 'stored');
  await deck.untilLines(() => deck.linesOf(business, slotEvents).length === 27);
  const lines = deck.linesOf(business, slotEvents);
  assert.deepEqual(lines.slice(0, 3), calls.slice(0, 3).map((sid, i) => enqueue(business, sid, i + 1)));
  assert.deepEqual(lines.slice(3, 10), calls.slice(3).map((sid, i) => queued(business, sid, i + 1)));
  // The network decides which of three downloads ends first; the queue decides which is next.
  const running = new Set(calls.slice(0, 3));
  const takeDone = (text, active) => {
    const ended = [...running].find((sid) => text === done(business, sid, active));
    assert.ok(ended, `a DONE with active=${active}/3 of what runs, not: ${text}`);
    running.delete(ended);
  };
  for (let i = 3; i < 10; ++i) {
    takeDone(lines[4 + 2 * i], 2);
    assert.equal(lines[5 + 2 * i], next(business, calls[i]));
    running.add(calls[i]);
  }
  for (let i = 0; i < 3; ++i) takeDone(lines[24 + i], 2 - i);

  assert.equal((await downloadsOf(account)).greatest, 3);
  await assertFirstInFirstOut({ business, account, recordings, calls });
  await assertEachFetchedOnce(recordings);
});

test('a double click starts one download, and the second answer is 202 processing', async () => {
  const { business, account, recordings, calls: [sid] } = await makeBusiness(1);
  await sim.addRule(slow(account, 1000));
  const answers = await Promise.all([deck.press(business, sid), deck.press(business, sid)]);
  answers.push(await deck.press(business, sid));
  for (const answer of answers) {
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.json, { status: 'processing' });
  }
  await assertSameBytes(await deck.play(business, sid), recordings[0].sid);
  await assertEachFetchedOnce(recordings);
  await deck.untilLine((text) => text === done(business, sid, 0));
  assert.deepEqual(deck.linesOf(business, slotEvents), [enqueue(business, sid, 1), done(business, sid, 0)]);
});

test('a second press on a waiting recording keeps its place', async () => {
  const { business, account, calls } = await makeBusiness(6);
  await sim.addRule({ fault: 'stall', account: account.sid, after_bytes: 1000 });
  for (const sid of calls) await deck.press(business, sid);
  const again = await deck.press(business, calls[4]);
  assert.deepEqual(again.json, { status: 'queued', position: 2, queue_length: 3 });
  // The line of the next business comes after all of this one.
  const next = await makeBusiness(1);
  await deck.press(next.business, next.calls[0]);
  await deck.untilLines(() => deck.linesOf(next.business, ['RECORDING_ENQUEUE']).length === 1);
  assert.equal(deck.linesOf(business, ['RECORDING_QUEUED']).length, 3);
});

test('a business whose downloads all hang does not delay another', async () => {
  const hung = await makeBusiness(50);
  const free = await makeBusiness(50);
  const alone = await makeBusiness(50);
  await sim.addRule({ fault: 'stall', account: hung.account.sid, after_bytes: 1000 });
  for (const { account } of [free, alone]) await sim.addRule(slow(account, 50));

  for (const sid of hung.calls) await deck.press(hung.business, sid);
  await sim.untilStats((stats) => stats.accounts[hung.account.sid]?.current === 3);
  for (const one of [free, alone]) {
    for (const sid of one.calls) await deck.press(one.business, sid);
    await sim.untilStats((stats) => stats.accounts[one.account.sid]?.completed === 50);
    assert.equal((await downloadsOf(one.account)).greatest, 3);
    await assertFirstInFirstOut(one);
    await assertEachFetchedOnce(one.recordings);
  }
  const stuck = await downloadsOf(hung.account);
  assert.deepEqual([stuck.started, stuck.completed], [3, 0]);
  assert.equal((await deck.queue(hung.business)).queue_length, 47);
});

test('two busy businesses take turns: neither is ahead by more than its open downloads', async () => {
  const pair = [await makeBusiness(50), await makeBusiness(50)];
  for (const { account } of pair) await sim.addRule(slow(account, 200));
  // The first business has 47 waiting before the second presses.
  for (const one of pair) for (const sid of one.calls) await deck.press(one.business, sid);
  for (const { account } of pair) await sim.untilStats((stats) => stats.accounts[account.sid]?.completed === 50);

  const names = new Map(pair.map(({ account }, i) => [account.sid, i]));
  const events = (await sim.log()).filter(({ resource, account }) => resource === 'media' && names.has(account));
  const started = [0, 0];
  const ended = [0, 0];
  let headStart;
  for (const { event, account } of events) {
    const i = names.get(account);
    if (event === 'request') {
      ++started[i];
      if (i === 1) headStart ??= started[0];
      // Same sizes, same rate, three at a time each: the lead is the head start and the open downloads.
      if (headStart !== undefined && started[0] < 50) {
        const ahead = started[0] - headStart - started[1];
        assert.ok(Math.abs(ahead) <= 12, `after ${started} starts the first is ${ahead} ahead of its head start`);
      }
    }
    if (event === 'end') ++ended[i];
  }
  assert.deepEqual(started, [50, 50]);
  assert.deepEqual(ended, [50, 50]);
  for (const { account, recordings } of pair) {
    assert.equal((await downloadsOf(account)).greatest, 3);
    await assertEachFetchedOnce(recordings);
  }
});

test('a webhook fetches the recording, and creates the call if it is unknown', async () => {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account);
  const recording = await sim.addRecording({ account: account.sid, duration_s: 5 });
  const sent = await sim.webhook({ recording: recording.sid, ...deck.webhookOf(business) });
  assert.deepEqual(sent.statuses, { 204: 1 });
  await deck.untilState(business, recording.call, 'stored');
  await assertSameBytes(await deck.press(business, recording.call), recording.sid);
  const list = await deck.get(business, '/api/calls');
  assert.deepEqual(list.json.calls.map((call) => call.call_sid), [recording.call]);
  await assertEachFetchedOnce([recording]);
});

test('a thousand copies of a webhook at once make one recording and one download', async () => {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account);
  const recording = await sim.addRecording({ account: account.sid, duration_s: 5 });
  const order = { recording: recording.sid, times: 1000, at_once: 1000, ...deck.webhookOf(business) };
  const sent = await sim.webhook(order);
  assert.deepEqual(sent.statuses, { 204: 1000 });
  await deck.untilState(business, recording.call, 'stored');
  assert.deepEqual((await sim.webhook({ ...order, times: 3 })).statuses, { 204: 3 });
  const list = await deck.get(business, '/api/calls');
  assert.equal(list.json.calls.length, 1);
  await deck.untilLines(() => deck.linesOf(business, ['RECORDING_DONE']).length === 1);
  assert.equal(deck.linesOf(business, ['RECORDING_ANNOUNCED']).length, 1);
  await assertEachFetchedOnce([recording]);
});

test('a webhook that is not signed by the account is refused and starts nothing', async () => {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account);
  const recording = await sim.addRecording({ account: account.sid, duration_s: 5 });
  const order = { recording: recording.sid, ...deck.webhookOf(business) };
  const anotherAccount = { parameters: { AccountSid: account.sid.replace(/.$/, 'f') } };
  for (const fake of [{ token: 'not-the-token' }, { signed: false }, { signature: 'AAAA' }, anotherAccount]) {
    assert.deepEqual((await sim.webhook({ ...order, ...fake })).statuses, { 403: 1 }, JSON.stringify(fake));
  }
  assert.deepEqual((await deck.get(business, '/api/calls')).json.calls, []);
  assert.equal((await sim.stats()).recordings[recording.sid], undefined);
});

test('a press overtakes fifty automatic fetches of its business', async () => {
  const { business, account, recordings, calls: [pressedCall] } = await makeBusiness(1);
  await sim.addRule(slow(account, 500));
  const automatic = await sim.addRecordings({ account: account.sid, count: 50, duration_s: 5 });
  for (const { sid } of automatic) {
    assert.deepEqual((await sim.webhook({ recording: sid, ...deck.webhookOf(business) })).statuses, { 204: 1 });
  }
  await sim.untilStats((stats) => stats.accounts[account.sid]?.current === 3);
  const startedBefore = (await downloadsOf(account)).started;
  const pressed = await deck.press(business, pressedCall);
  assert.deepEqual([pressed.status, pressed.json.status, pressed.json.position], [202, 'queued', 1]);
  await deck.untilState(business, pressedCall, 'stored');
  const order = await startsOf(account, [...recordings, ...automatic]);
  // A slot or two may have been handed over during the press.
  const place = order.indexOf(pressedCall);
  assert.ok(place <= startedBefore + 2, `the press was number ${place + 1}, after ${startedBefore} that had begun`);
  assert.ok((await deck.queue(business)).queue_length > 25, 'most of the automatic ones still wait');
  assert.equal((await downloadsOf(account)).greatest, 3);
});

test('a recording that waits in the automatic lane goes to the front when it is pressed', async () => {
  const { business, account } = await makeBusiness(1);
  await sim.addRule({ fault: 'stall', account: account.sid, after_bytes: 1000 });
  const automatic = await sim.addRecordings({ account: account.sid, count: 10, duration_s: 5 });
  for (const { sid } of automatic) await sim.webhook({ recording: sid, ...deck.webhookOf(business) });
  const last = automatic[9].call;
  assert.equal((await deck.status(business, last)).position, 7);
  assert.deepEqual((await deck.press(business, last)).json, { status: 'queued', position: 1, queue_length: 7 });
});

test('another business cannot tell a recording from one that does not exist', async () => {
  const { business, calls: [sid] } = await makeBusiness(1);
  const other = (await makeBusiness(1)).business;
  await deck.play(business, sid);
  const unknown = sid.replace(/.{6}$/, 'abcdef');
  const requests = [
    ['GET', '/stream'], ['HEAD', '/stream'], ['GET', '/status'], ['POST', '/retry'], ['POST', '/cancel'], ['POST', '/link'],
    ['DELETE', ''],
  ];
  for (const [method, action] of requests) {
    const ask = (what) => deck.request(method, `/api/recordings/${what}${action}`, { key: other.key });
    const [theirs, nobodys] = [await ask(sid), await ask(unknown)];
    assert.equal(theirs.status, 404, `${method} ${action}`);
    assert.equal(nobodys.status, 404);
    assert.equal(theirs.body.toString().replaceAll(sid, unknown), nobodys.body.toString());
  }
  assert.equal((await deck.press(business, sid)).status, 200);
  assert.equal((await deck.get(other, '/api/calls')).json.calls.length, 1);
});
