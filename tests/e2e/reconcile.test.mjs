// Upkeep finds missed webhooks, rows without a blob and blobs without a row, in one worker at a time.

import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

const hour = 3_600_000;
const ago = (ms) => new Date(Date.now() - ms).toISOString();

let sim;
let deck;
let businesses = 0;

before(async () => (sim = await startSim()));
after(async () => sim?.stop());
beforeEach(() => sim.clearRules());
afterEach(async () => {
  await deck?.destroy();
  deck = undefined;
});

async function startDeck(options = {}) {
  deck = await makeTapedeck({ sim, ...options });
  await deck.start();
}

async function makeBusiness(count, recording = {}) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 1, ...recording });
  return { business, account, recordings };
}

async function storeAll(business, recordings) {
  for (const one of recordings) await deck.tell(business, one);
  for (const one of recordings) await deck.play(business, one.call);
}

async function reconcile(...options) {
  const since = deck.lines.length;
  const done = await deck.run(['reconcile', ...options]);
  assert.equal(done.code, 0, done.stderr);
  return since;
}

const blobFolder = () => path.join(deck.dataDir, 'recordings');
const blobOf = async ({ sid }) => (await deck.blobFiles()).find(({ name }) => name.startsWith(`${sid}-`));
const requested = async ({ sid }) => (await sim.stats()).recordings[sid]?.requested ?? 0;
const metric = async (name) => {
  const text = await (await fetch(`${deck.url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(name));
  return line ? Number(line.split(' ').at(-1)) : 0;
};

test('a recording whose webhook never came is found and fetched, once', async () => {
  await startDeck();
  const { business, account, recordings } = await makeBusiness(3, { created_at: ago(hour / 2), spacing_s: 60 });
  await reconcile('--since', ago(2 * hour));
  for (const { call } of recordings) {
    await until(`${call}`, () => deck.get(business, `/api/recordings/${call}/status`), (answer) => answer.json?.state === 'stored');
  }
  for (const one of recordings) assert.equal(await requested(one), 1);
  assert.ok((await sim.stats()).accounts[account.sid].greatest <= 3);
  assert.equal(await metric('tapedeck_webhooks_missed_total'), 3);
  assert.equal(deck.linesOf(business, ['WEBHOOK_MISSED']).length, 3);
});

test('old recordings, and those that may still get their webhook, start nothing', async () => {
  await startDeck();
  const { business, recordings: fresh } = await makeBusiness(1);
  const [old] = await sim.addRecordings({ account: business.account.sid, count: 1, duration_s: 1, created_at: ago(48 * hour) });
  const marker = await makeBusiness(1, { created_at: ago(hour / 2) });
  await reconcile('--since', ago(24 * hour));
  await deck.untilLine((line) => line.includes('WEBHOOK_MISSED') && line.includes(marker.business.id));
  for (const { call } of [...fresh, old]) {
    assert.equal((await deck.get(business, `/api/recordings/${call}/status`)).status, 404);
  }
});

test('a stored recording without its file is fetched again, and plays', async () => {
  await startDeck();
  const { business, recordings } = await makeBusiness(3);
  await storeAll(business, recordings);
  const [first, second, third] = recordings;
  const before = await deck.press(business, first.call);
  await rm(path.join(blobFolder(), (await blobOf(first)).path));
  await reconcile();
  await until('another fetch', () => requested(first), (count) => count === 2);
  await deck.untilState(business, first.call, 'stored');
  assert.ok(await blobOf(first));
  const again = await deck.play(business, first.call);
  assert.deepEqual(again.body, before.body);
  assert.deepEqual([await requested(second), await requested(third)], [1, 1]);
  assert.ok(deck.linesOf(business, ['BLOB_MISSING']).some((line) => line.includes('outcome=fetched_again')));
});

test('a recording that the provider no longer has fails, and says why', async () => {
  await startDeck();
  const { business, recordings: [one] } = await makeBusiness(1);
  await storeAll(business, [one]);
  await rm(path.join(blobFolder(), (await blobOf(one)).path));
  await sim.changeRecording(one.sid, { status: 'deleted' });
  await reconcile();
  const status = await deck.untilState(business, one.call, 'failed');
  assert.match(JSON.stringify(status), /gone from the blob store, and the provider no longer has it/);
  assert.equal(await metric('tapedeck_blobs_missing_total{outcome="lost"}'), 1);
});

test('a file without a row is reported and kept, and the leftover of an older attempt is removed', async () => {
  await startDeck();
  const { business, recordings: [one] } = await makeBusiness(1);
  await storeAll(business, [one]);
  // After another fetch its name has a later fence.
  const oldName = path.join(blobFolder(), (await blobOf(one)).path);
  const copy = path.join(deck.dataDir, 'copy');
  await copyFile(oldName, copy);
  await rm(oldName);
  await reconcile();
  await until('another fetch', () => requested(one), (count) => count === 2);
  await deck.untilState(business, one.call, 'stored');
  const newName = path.join(blobFolder(), (await blobOf(one)).path);
  assert.notEqual(newName, oldName);

  const past = new Date(Date.now() - 2 * hour);
  await copyFile(copy, oldName);
  await utimes(oldName, past, past);
  const unknownSid = `RE${'7'.repeat(32)}`;
  const unknown = path.join(path.dirname(path.dirname(oldName)), '77', `${unknownSid}-1.mp3`);
  await mkdir(path.dirname(unknown), { recursive: true });
  await writeFile(unknown, 'bytes');
  await utimes(unknown, past, past);
  const fresh = path.join(path.dirname(unknown), `RE${'8'.repeat(30)}77-1.mp3`);
  await writeFile(fresh, 'bytes');

  const since = await reconcile();
  await deck.untilLine((line) => line.includes('STORAGE_CHECKED') && line.includes('what=blobs'), since);
  const told = deck.lines.slice(since).filter((line) => line.includes('BLOB_UNKNOWN'));
  assert.equal(told.length, 2, told.join('\n'));
  assert.ok(told.some((line) => line.includes(unknownSid) && line.includes('outcome=kept')));
  assert.ok(told.some((line) => line.includes(path.basename(oldName)) && line.includes('outcome=removed')));
  await assert.rejects(stat(oldName), { code: 'ENOENT' });
  for (const name of [unknown, fresh, newName]) assert.ok((await stat(name)).isFile());
});

test('one of two workers does the upkeep, and the other when that one is gone', async () => {
  await startDeck({ nodes: ['api', 'worker', 'worker'] });
  const { business, recordings } = await makeBusiness(2, { created_at: ago(hour / 2) });
  let since = await reconcile('--since', ago(2 * hour));
  for (const { call } of recordings) {
    await until(call, () => deck.get(business, `/api/recordings/${call}/status`), (answer) => answer.json?.state === 'stored');
  }
  const passes = (from) => deck.lines.slice(from).filter((line) => line.includes('STORAGE_CHECKED'));
  await deck.untilLines(() => passes(since).length >= 2);
  assert.equal(deck.lines.filter((line) => line.includes('WEBHOOK_MISSED')).length, 2);
  for (const one of recordings) assert.equal(await requested(one), 1);

  since = deck.lines.length;
  await deck.endNode(deck.nodes[1], 'SIGKILL');
  await rm(path.join(blobFolder(), (await blobOf(recordings[0])).path));
  await reconcile();
  await until('another fetch', () => requested(recordings[0]), (count) => count === 2);
  assert.equal(passes(since).length <= 2, true);
});

test('RECONCILE_LISTING=false requests no list', async () => {
  await startDeck({ settings: { RECONCILE_LISTING: 'false' } });
  const { account } = await makeBusiness(1, { created_at: ago(hour / 2) });
  const since = await reconcile('--since', ago(2 * hour));
  await deck.untilLine((line) => line.includes('STORAGE_CHECKED') && line.includes('what=blobs'), since);
  const lists = (await sim.log()).filter((one) => one.event === 'request' && one.resource === 'list' && one.account === account.sid);
  assert.equal(lists.length, 0);
});

test('reconcile says when no worker runs, and refuses unknown arguments', async () => {
  deck = await makeTapedeck({ sim });
  assert.match((await deck.command('reconcile')).stderr, /no worker runs now/);
  const bad = await deck.run(['reconcile', '--since', 'soon']);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /--since: expected a day/);
  const unknown = await deck.run(['reconcile', '--business', 'nobody']);
  assert.match(unknown.stderr, /no business nobody/);
});
