// The import of a business's history: page by page, within its limit, interrupted and continued, each recording fetched once;
// what it leaves alone, and what it reports at the end.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

let sim;
let deck;
let businesses = 0;

before(async () => (sim = await startSim()));
after(async () => sim?.stop());
beforeEach(async () => {
  await sim.clearRules();
  await sim.settings({ most_per_page: 50 });
  deck = await makeTapedeck({ sim });
});
afterEach(async () => deck?.destroy());

async function makeBusiness(count, recording = {}, ...options) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account, ...options);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 1, ...recording });
  return { business, account, recordings };
}

const linesOf = (text) => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
const endOf = (done) => {
  const line = linesOf(done.stdout).at(-1);
  assert.equal(line?.event, 'end', `${done.code} ${done.stdout} ${done.stderr}`);
  return line;
};
const bring = (business, ...options) => deck.run(['import', '--business', business.id, ...options]);

async function callsOf(business) {
  const calls = [];
  for (let cursor = ''; cursor !== null; ) {
    const { json } = await deck.get(business, `/api/calls?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    calls.push(...json.calls);
    cursor = json.next_cursor;
  }
  return calls;
}

async function assertFetchedOnce(account, recordings, greatest = 3) {
  const stats = await sim.stats();
  for (const { sid } of recordings) assert.equal(stats.recordings[sid]?.requested, 1, `${sid} was asked for once`);
  assert.ok(stats.accounts[account.sid].greatest <= greatest, `${stats.accounts[account.sid].greatest} at once`);
}

// Starts an import and resolves when one of its lines satisfies `condition`.
async function untilProgress(business, condition, ...options) {
  const child = deck.launch(['import', '--business', business.id, '--json', ...options]);
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const output = { stdout: '' };
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.stdout += `${line}\n`;
      if (condition(JSON.parse(line))) resolve();
    });
    ended.then(() => reject(new Error(`it ended first: ${output.stdout}`)));
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { child, ended, output };
}

test('an import beside a running server imports every page within the limit, each recording once', async () => {
  await deck.start();
  const { business, account, recordings } = await makeBusiness(230);
  const done = await bring(business);
  assert.equal(done.code, 0, done.stderr);
  const end = endOf(done);
  assert.deepEqual([end.outcome, end.listed, end.queued, end.stored, end.failed, end.waiting], ['done', 230, 230, 230, 0, 0]);
  await assertFetchedOnce(account, recordings);
  const lists = (await sim.log()).filter((one) => one.event === 'request' && one.resource === 'list' && one.account === account.sid);
  assert.equal(lists.length, 5);

  const calls = await callsOf(business);
  assert.equal(calls.length, 230);
  for (const call of calls) {
    assert.equal(call.recording.state, 'stored');
    assert.match(call.from, /^\+\d+/);
    assert.match(call.to, /^\+\d+/);
    assert.equal(call.direction, 'inbound');
  }
  const played = await deck.press(business, recordings[0].call);
  assert.equal(played.status, 200);
  assert.equal(played.body.length, (await sim.recording(recordings[0].sid)).media.mp3_1.bytes);

  const again = endOf(await bring(business));
  assert.deepEqual([again.outcome, again.queued, again.skipped.stored_before], ['done', 0, 230]);
  await assertFetchedOnce(account, recordings);
});

test('a press of play has priority over an import', async () => {
  await deck.start();
  const { business, recordings } = await makeBusiness(60, { duration_s: 20, spacing_s: 60 });
  await sim.settings({ bytes_per_second: 400_000 });
  const { ended } = await untilProgress(business, (line) => line.stored >= 1 && line.phase === 'fetching');
  const oldest = recordings[0].call; // the list is newest first
  assert.equal((await deck.press(business, oldest)).status, 202);
  await deck.play(business, oldest);
  const stored = (await callsOf(business)).filter((call) => call.recording.state === 'stored').length;
  assert.ok(stored < 60, `${stored} were stored before it`);
  await sim.settings({ bytes_per_second: null });
  assert.equal((await ended).code, 0);
});

test('a killed import continues where it was, and fetches nothing twice', async () => {
  await deck.start();
  const { business, account, recordings } = await makeBusiness(400, {}, '--limit', '10');
  await sim.addRule({ fault: 'latency', resource: 'list', account: account.sid, ms: 400 });
  const { child, ended } = await untilProgress(business, (line) => line.listed >= 100);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
  assert.ok((await callsOf(business)).length < 400);
  const before = (await sim.log()).length;
  await sim.clearRules();
  const end = endOf(await bring(business));
  assert.deepEqual([end.outcome, end.listed, end.queued, end.stored, end.failed], ['done', 400, 400, 400, 0]);
  assert.equal(end.skipped.waiting_before + end.skipped.stored_before, 0);
  await assertFetchedOnce(account, recordings, 10);
  assert.equal((await callsOf(business)).length, 400);
  const lists = (await sim.log(before)).filter((one) => one.event === 'request' && one.resource === 'list' && one.account === account.sid);
  assert.ok(lists.length < 8, `it began in the middle, with ${lists.length} pages`);
});

test('Ctrl-C ends an import cleanly, and the recorded rows are still fetched', async () => {
  await deck.start();
  const { business, account, recordings } = await makeBusiness(200);
  await sim.addRule({ fault: 'latency', resource: 'list', account: account.sid, ms: 400 });
  const { child, ended, output } = await untilProgress(business, (line) => line.listed >= 50);
  child.kill('SIGINT');
  assert.deepEqual(await ended, { code: 1, signal: null });
  const end = linesOf(output.stdout).at(-1);
  assert.equal(end.outcome, 'stopped');
  await until('what was written down', () => callsOf(business), (calls) => calls.every((call) => call.recording.state === 'stored'));
  await sim.clearRules();
  assert.equal(endOf(await bring(business)).stored, 200);
  await assertFetchedOnce(account, recordings);
});

test('a dry run only counts: it writes and fetches nothing', async () => {
  await deck.start();
  const { business, account } = await makeBusiness(120);
  const end = endOf(await bring(business, '--dry-run'));
  assert.deepEqual([end.outcome, end.listed, end.queued], ['listed', 120, 120]);
  assert.deepEqual(await callsOf(business), []);
  assert.equal((await sim.stats()).accounts[account.sid]?.started ?? 0, 0);
});

test('without a server an import records everything and says that no worker fetches it; the next server does', async () => {
  const { business, account, recordings } = await makeBusiness(60);
  const alone = await bring(business);
  assert.equal(alone.code, 1);
  assert.equal(endOf(alone).outcome, 'no_worker');
  assert.match(alone.stderr, /no worker runs: start tapedeck serve/);
  assert.equal((await sim.stats()).accounts[account.sid]?.started ?? 0, 0);
  await deck.start();
  const end = endOf(await bring(business));
  assert.deepEqual([end.outcome, end.stored, end.listed], ['done', 60, 60]);
  await assertFetchedOnce(account, recordings);
});

test('--no-wait ends when everything is recorded', async () => {
  await deck.start();
  const { business } = await makeBusiness(20);
  await sim.settings({ bytes_per_second: 1000 });
  const done = await bring(business, '--no-wait');
  await sim.settings({ bytes_per_second: null });
  assert.equal(done.code, 0);
  assert.equal(endOf(done).outcome, 'listed');
});

test('deleted, absent and failed recordings are reported and not revived', async () => {
  await deck.start();
  const { business, account, recordings } = await makeBusiness(6);
  const [deleted, absent, failing] = recordings;
  await deck.tell(business, deleted);
  await deck.play(business, deleted.call);
  assert.equal((await deck.request('DELETE', `/api/recordings/${deleted.call}`, { key: business.key })).status, 204);
  await sim.changeRecording(absent.sid, { status: 'absent', error_code: 16101 });
  await sim.addRule({ fault: 'status', recording: failing.sid, status: 400 });
  const done = await bring(business);
  assert.equal(done.code, 1);
  const end = endOf(done);
  assert.deepEqual([end.listed, end.stored, end.failed, end.skipped.gone], [6, 3, 1, 2]);
  assert.deepEqual(end.failed_by_cause, { provider_rejected: 1 });
  assert.equal((await deck.press(business, deleted.call)).status, 410);
  assert.equal((await sim.stats()).recordings[deleted.sid].requested, 1);
  assert.equal((await sim.stats()).accounts[account.sid].greatest <= 3, true);
});

test('an import takes only recordings of the given time', async () => {
  await deck.start();
  const { business } = await makeBusiness(10, { created_at: '2026-03-10T12:00:00Z', spacing_s: 86_400 });
  const end = endOf(await bring(business, '--since', '2026-03-03', '--until', '2026-03-06T12:00:00Z'));
  assert.deepEqual([end.listed, end.stored], [3, 3]); // noon of the 3rd, 4th and 5th
});

test('a sub-account is listed with the credentials of the business', async () => {
  await deck.start();
  const { business, account } = await makeBusiness(2);
  const sub = await sim.addAccount({ parent: account.sid });
  await sim.addRecordings({ account: sub.sid, count: 3, duration_s: 1 });
  const end = endOf(await bring(business, '--account', sub.sid));
  assert.deepEqual([end.outcome, end.stored], ['done', 3]);
});

test('of an account that two businesses share, an import takes only calls that its business knows', async () => {
  await deck.start();
  const { business, account, recordings } = await makeBusiness(4);
  const other = await deck.addBusiness(`business-${++businesses}`, account);
  await deck.tell(other, recordings[0]);
  const known = await deck.request('PUT', `/api/calls/${recordings[1].call}`, { key: business.key, body: { from: '+1' } });
  assert.equal(known.status, 201);
  const end = endOf(await bring(business));
  assert.deepEqual([end.stored, end.skipped.not_ours], [1, 3]);
  assert.equal((await deck.get(business, `/api/recordings/${recordings[2].call}/status`)).status, 404);
});

test('a list that is refused for a while is requested again', async () => {
  await deck.start();
  const { business, account } = await makeBusiness(3);
  await sim.addRule({ fault: 'status', resource: 'list', account: account.sid, status: 429, retry_after_s: 0, times: 2 });
  await sim.addRule({ fault: 'status', resource: 'list', account: account.sid, status: 503, times: 1 });
  assert.equal(endOf(await bring(business)).stored, 3);
});

test('each error says what to do', async () => {
  const { business, account } = await makeBusiness(1);
  const refusals = [
    [['import', '--business', 'nobody'], /there is no business nobody; see: tapedeck business list/],
    [['import', '--business', '../x'], /--business: expected a business id/],
    [['import', '--business', business.id, '--since', 'yesterday'], /--since: expected a day in UTC such as/],
    [['import', '--business', business.id, '--since', '2026-02-01', '--until', '2026-01-01'], /--until must be later than --since/],
    [['import', '--business', business.id, '--account', 'AC1'], /--account: expected an account SID/],
    [['import', '--business', business.id, '--account', `AC${'9'.repeat(32)}`], /the provider answered 401.*tapedeck doctor/],
  ];
  for (const [args, pattern] of refusals) {
    const done = await deck.run(args);
    assert.equal(done.code, 1, args.join(' '));
    assert.match(done.stderr, pattern);
  }
  await sim.addRule({ fault: 'error_body', resource: 'list', account: account.sid, format: 'html' });
  const odd = await bring(business);
  assert.equal(odd.code, 1);
  assert.match(odd.stderr, /the provider's answer is not what Twilio sends.*TWILIO_BASE_URL/);
  assert.equal((await deck.run(['import'])).code, 2);
});
