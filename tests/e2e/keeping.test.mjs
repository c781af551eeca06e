// Retention, holds, erasure, verification and deletion at the provider: with the real binary, its commands and the
// simulator.

import assert from 'node:assert/strict';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

const dayMs = 86_400_000;

let sim;
let deck;
let count = 0;

before(async () => {
  sim = await startSim();
});

after(async () => {
  await sim?.stop();
});

beforeEach(async () => {
  await sim.clearRules();
  deck = await makeTapedeck({ sim });
});

afterEach(async () => {
  await deck.destroy();
});

async function makeBusiness(...options) {
  const account = await sim.addAccount();
  return { ...(await deck.addBusiness(`keeper-${++count}`, account, ...options)), account };
}

/** A stored recording; `more` goes into the call. */
async function storeOne(business, more = {}) {
  const [recording] = await sim.addRecordings({ account: business.account.sid, count: 1, duration_s: 3 });
  const call = await deck.tell(business, recording, more);
  await deck.play(business, call);
  return { ...recording, call };
}

const remove = (business, call, what = '') => deck.request('DELETE', `/api/recordings/${call}${what}`, { key: business.key });
const parse = ({ stdout }) => JSON.parse(stdout);
const parseLines = ({ stdout }) => stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));

async function untilAudited(business, action) {
  return until(`"${action}" in the audit`, async () => {
    const entries = parseLines(await deck.command('audit', '--business', business.id, '--json'));
    return entries.find((entry) => entry.action === action);
  });
}

const blobPath = async (recording) => {
  const blob = (await deck.blobFiles()).find(({ name }) => name.includes(recording.sid));
  return blob && path.join(deck.dataDir, 'recordings', blob.path);
};

/** Changes one byte in the middle and keeps the length. */
async function spoil(recording) {
  const file = await blobPath(recording);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 0xff;
  await writeFile(file, bytes);
}

test('a hold refuses DELETE and erase with its reason, and the audit says who set and who released it', async () => {
  await deck.start();
  const business = await makeBusiness();
  const { call } = await storeOne(business, { from: '+14155550100', to: '+14155550101' });
  const held = await deck.post(business, call, 'hold', { reason: 'case 4711' });
  assert.equal(held.status, 200);
  assert.equal(held.json.hold.reason, 'case 4711');
  const refused = await remove(business, call);
  assert.equal(refused.status, 409);
  assert.match(refused.headers['content-type'], /problem\+json/);
  assert.match(refused.json.detail, /legal hold.*case 4711/);
  const erased = await deck.run(['erase', '--business', business.id, '--everything', '--yes', '--json']);
  assert.equal(erased.code, 1);
  assert.deepEqual(parse(erased).held, [{ sid: call, reason: 'case 4711' }]);
  assert.equal((await deck.press(business, call)).status, 200);

  await deck.command('release', call, '--business', business.id);
  assert.equal((await remove(business, call)).status, 204);
  const hold = await untilAudited(business, 'hold');
  assert.match(hold.actor, /^key:/);
  assert.equal(hold.sid, call);
  assert.equal(hold.detail, 'case 4711');
  assert.match((await untilAudited(business, 'release')).actor, /^command:/);
  await untilAudited(business, 'delete');
});

test('a retention deletes due recordings with their blobs, but no held or young ones', async () => {
  await deck.start();
  const business = await makeBusiness();
  const old = [];
  for (let i = 0; i < 2; ++i) {
    const [recording] = await sim.addRecordings({ account: business.account.sid, count: 1, duration_s: 3, created_at: new Date(Date.now() - 3 * dayMs).toISOString() });
    const sent = await sim.webhook({ recording: recording.sid, ...deck.webhookOf(business) });
    assert.deepEqual(sent.statuses, { 204: 1 });
    await deck.untilState(business, recording.call, 'stored');
    old.push(recording);
  }
  const young = await storeOne(business);
  await deck.command('hold', old[1].call, '--business', business.id, '--reason', 'case 4711');
  assert.equal((await deck.status(business, old[0].call)).delete_at, null);
  await deck.command('business', 'set', business.id, '--retention', '1');
  await deck.untilState(business, old[0].call, 'deleted');
  await until('the blob to go', async () => (await blobPath(old[0])) === undefined);
  assert.equal((await deck.press(business, old[0].call)).status, 410);
  assert.equal((await deck.status(business, old[1].call)).state, 'stored');
  assert.ok(Date.parse((await deck.status(business, young.call)).delete_at) > Date.now());
  const entry = await untilAudited(business, 'expire');
  assert.equal(entry.actor, 'retention');
  assert.equal(entry.sid, old[0].call);
  const metrics = (await deck.request('GET', '/metrics')).body.toString();
  assert.match(metrics, /tapedeck_recordings_expired_total 1/);
});

test('erasing a number removes its calls, names and blobs, and those of no other number', async () => {
  await deck.start();
  const business = await makeBusiness();
  const his = await storeOne(business, { from: '+14155550100', to: 'Anna' });
  const other = await storeOne(business, { from: '+141555501009', to: 'Bob' });
  const erase = (...more) => deck.run(['erase', '--business', business.id, '--number', '+1 (415) 555-0100', '--json', ...more]);
  const unsure = await erase();
  assert.equal(unsure.code, 2);
  assert.match(unsure.stderr, /--dry-run.*--yes/);
  assert.equal(parse(await erase('--dry-run')).recordings, 1);
  assert.equal((await deck.press(business, his.call)).status, 200);

  const done = await erase('--yes');
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(parse(done), { business: business.id, dry_run: false, calls: 1, recordings: 1, blobs: 1, blobs_left: 0, held: [] });
  assert.equal(await blobPath(his), undefined);
  await until('the server to know', async () => (await deck.press(business, his.call)).status === 410);
  const calls = (await deck.get(business, '/api/calls?search=4155550100')).json.calls;
  assert.deepEqual(calls.map(({ call_sid }) => call_sid), [other.call]);
  const all = (await deck.get(business, '/api/calls')).json.calls.find(({ call_sid }) => call_sid === his.call);
  assert.equal(all.from, null);
  assert.equal(all.to, null);
  assert.equal((await untilAudited(business, 'erase')).sid, his.call);
  const wrong = await deck.run(['erase', '--business', business.id, '--number', '+1', '--yes']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /--number: expected a whole telephone number/);
});

test('the audit is exported completely, as text, JSON and CSV, for the given times', async () => {
  await deck.start();
  const business = await makeBusiness();
  const { call } = await storeOne(business);
  await deck.get(business, `/api/recordings/${call}/stream?download=1`);
  await deck.post(business, call, 'link', {});
  await deck.post(business, call, 'hold', { reason: '=HYPERLINK("x"), a "trick"' });
  await untilAudited(business, 'hold');
  const entries = parseLines(await deck.command('audit', '--business', business.id, '--json'));
  assert.deepEqual(entries.map(({ action }) => action), ['play', 'download', 'link', 'hold']);
  for (const entry of entries) assert.equal(entry.sid, call);
  const csv = (await deck.command('audit', '--business', business.id, '--csv')).stdout.split('\r\n');
  assert.equal(csv[0], '"at","actor","action","sid","detail"');
  assert.ok(csv[4].endsWith(`"'=HYPERLINK(""x""), a ""trick"""`), csv[4]);
  assert.equal(csv.length, entries.length + 2);
  const text = (await deck.command('audit', '--business', business.id)).stdout;
  assert.equal(text.trim().split('\n').length, entries.length);
  const tomorrow = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
  assert.equal((await deck.command('audit', '--business', business.id, '--since', tomorrow)).stdout, '');
  assert.equal((await deck.command('audit', '--business', business.id, '--until', '2020-01-01')).stdout, '');
  const wrong = await deck.run(['audit', '--business', business.id, '--since', 'yesterday']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /--since: expected a day/);
});

test('verify finds a wrong byte and a missing blob; both are fetched again and not played', async () => {
  await deck.start();
  const business = await makeBusiness();
  const [good, wrong, missing] = [await storeOne(business), await storeOne(business), await storeOne(business)];
  const clean = await deck.run(['verify', '--business', business.id, '--json']);
  assert.equal(clean.code, 0, clean.stderr);
  assert.equal(parseLines(clean).at(-1).verified, 3);

  const verify = async (...more) => {
    const run = await deck.run(['verify', '--business', business.id, '--json', ...more]);
    const lines = parseLines(run);
    return { code: run.code, damaged: lines.filter((line) => line.damaged && line.outcome).map((line) => line.damaged), end: lines.at(-1) };
  };
  await spoil(wrong);
  const spoiled = await verify();
  assert.deepEqual([spoiled.code, spoiled.damaged, spoiled.end.damaged, spoiled.end.verified], [1, [wrong.call], 1, 2]);
  await until('the server to know', async () => {
    const answer = await deck.press(business, wrong.call);
    if (answer.status === 200) return false;
    assert.equal(answer.status, 502);
    assert.equal(answer.json.cause.code, 'corrupt');
    assert.match(answer.json.detail, /SHA-256 differs.*fetched again/);
    return true;
  });
  const whole = await deck.play(business, wrong.call);
  assert.equal(whole.body.length, (await sim.recording(wrong.sid)).media.mp3_1.bytes);

  await deck.stop(); // a worker looks for missing blobs by itself
  await unlink(await blobPath(missing));
  const repaired = await verify('--repair');
  assert.deepEqual([repaired.code, repaired.damaged, repaired.end.refetched], [1, [missing.call], 1]);
  await deck.start();
  await deck.untilState(business, missing.call, 'stored');
  const again = await deck.run(['verify', '--business', business.id]);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  assert.equal((await deck.press(business, good.call)).status, 200);
});

test('verify continues after the recording that an earlier run named', async () => {
  await deck.start();
  const business = await makeBusiness();
  const calls = [(await storeOne(business)).call, (await storeOne(business)).call].sort();
  const rest = await deck.run(['verify', '--after', `${business.id}/${calls[0]}`, '--json']);
  assert.equal(rest.code, 0, rest.stderr);
  assert.equal(parseLines(rest).at(-1).verified, 1);
  assert.equal(parseLines(rest).at(-1).after, `${business.id}/${calls[1]}`);
  const wrong = await deck.run(['verify', '--after', 'somewhere']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /--after: expected BUSINESS\/SID/);
});

test('a damaged recording that the provider no longer has is refused with its cause, and stays', async () => {
  await deck.start();
  const business = await makeBusiness();
  const recording = await storeOne(business);
  await spoil(recording);
  await sim.changeRecording(recording.sid, { status: 'deleted' });
  const repaired = await deck.run(['verify', '--business', business.id, '--repair', '--json']);
  assert.equal(repaired.code, 1);
  assert.equal(parseLines(repaired).find(({ outcome }) => outcome).outcome, 'lost');
  await until('the damage to be refused for good', async () => {
    const answer = await deck.press(business, recording.call);
    return answer.status === 502 && /no longer has/.test(answer.json.detail);
  });
  assert.equal((await deck.status(business, recording.call)).state, 'stored');
  assert.ok(await blobPath(recording));
});

test('a verified archive is deleted at the provider only where the business says so', async () => {
  await deck.start();
  const careful = await makeBusiness();
  const tidy = await makeBusiness('--delete-at-provider', 'yes');
  const kept = await storeOne(careful);
  const moved = await storeOne(tidy);
  await until('the deletion there', async () => (await sim.recording(moved.sid)).status === 'deleted');
  const entry = await untilAudited(tidy, 'delete_at_provider');
  assert.equal(entry.sid, moved.call);
  assert.notEqual((await sim.recording(kept.sid)).status, 'deleted');
  assert.equal((await deck.press(tidy, moved.call)).status, 200);
  const verified = await deck.run(['verify', '--business', tidy.id]);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);

  await spoil(moved);
  await deck.run(['verify', '--business', tidy.id]);
  await until('the damage to be refused', async () => (await deck.press(tidy, moved.call)).status === 502);
  assert.equal((await deck.press(tidy, moved.call)).status, 502);
  assert.equal((await deck.status(tidy, moved.call)).state, 'stored');
});
