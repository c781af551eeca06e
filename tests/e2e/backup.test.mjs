// The restore drill: back up beside a server under load, destroy DATA_DIR, restore the backup, and start a server on it.
// Recordings that the backup held as stored play, and those that waited are stored.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck } from './support/tapedeck.mjs';

let sim;
const ends = [];

before(async () => {
  sim = await startSim();
});

after(async () => {
  for (const end of ends.reverse()) await end();
  await sim?.stop();
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashOf = async ({ sid }) => (await sim.recording(sid)).media.mp3_1.sha256;

async function makeDeck() {
  const deck = await makeTapedeck({ sim });
  ends.push(() => deck.destroy());
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-backup-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  return { deck, folder };
}

async function expectAllPlay(deck, business, recordings) {
  for (const one of recordings) {
    const answer = await deck.play(business, one.call);
    assert.equal(answer.status, 200, `${answer.status} ${answer.body}`);
    assert.equal(sha256(answer.body), await hashOf(one));
  }
}

async function addStored(deck, business, count) {
  const recordings = await sim.addRecordings({ account: business.account.sid, count, duration_s: 2 });
  for (const one of recordings) await deck.tell(business, one);
  for (const one of recordings) await deck.press(business, one.call);
  await expectAllPlay(deck, business, recordings);
  return recordings;
}

async function run(deck, args, code = 0) {
  const done = await deck.run([...args, '--json']);
  assert.equal(done.code, code, `${done.stdout}${done.stderr}`);
  return code === 0 || done.stdout ? JSON.parse(done.stdout.trim().split('\n').at(-1)) : done.stderr;
}

async function destroyData(deck) {
  await rm(deck.dataDir, { recursive: true, force: true });
}

test('a backup under load restores a lost DATA_DIR, and the server continues', async () => {
  const { deck, folder } = await makeDeck();
  await deck.start();
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`b-${account.sid.slice(-6)}`, account);
  const stored = await addStored(deck, business, 20);
  const first = await run(deck, ['backup', folder]);
  assert.deepEqual([first.recordings, first.copied, first.missing, first.damaged], [20, 20, 0, 0]);

  // A hanging download stays "processing" and those behind it wait, while another business goes on storing.
  const rule = await sim.addRule({ fault: 'stall', account: account.sid, after_bytes: 100, for_ms: 600_000 });
  const waiting = await sim.addRecordings({ account: account.sid, count: 8, duration_s: 2 });
  for (const one of waiting) await deck.tell(business, one);
  for (const one of waiting) assert.equal((await deck.press(business, one.call)).status, 202);
  const [deleted] = stored.splice(0, 1);
  await deck.request('DELETE', `/api/recordings/${deleted.call}`, { key: business.key });
  const other = await sim.addAccount();
  const busy = await deck.addBusiness(`b-${other.sid.slice(-6)}`, other);
  const before = await addStored(deck, busy, 5);
  let loading = true;
  const load = (async () => {
    const more = [];
    while (loading) more.push(...(await addStored(deck, busy, 2)));
    return more;
  })();
  const second = await run(deck, ['backup', folder]);
  loading = false;
  await load;
  assert.deepEqual([second.missing, second.damaged], [0, 0]);
  assert.ok(second.recordings >= 24, JSON.stringify(second));
  assert.ok(second.copied <= second.recordings - 19, 'what the first backup has is not copied again');

  await deck.kill();
  await destroyData(deck);
  await sim.removeRule(rule);
  const restored = await run(deck, ['restore', folder]);
  assert.equal(restored.verified, second.recordings);
  assert.deepEqual([restored.missing, restored.damaged], [0, 0]);
  assert.equal(restored.recordings.stored, second.recordings);
  assert.equal(restored.recordings.deleted, 1);
  assert.ok((restored.recordings.queued ?? 0) + (restored.recordings.processing ?? 0) >= 8, JSON.stringify(restored));
  await deck.start();
  await expectAllPlay(deck, business, [...stored, ...waiting]);
  await expectAllPlay(deck, busy, before);
  assert.equal((await deck.press(business, deleted.call)).status, 410);
});

test('a restore refuses a folder that is not empty, a running server, and a folder without a backup', async () => {
  const { deck, folder } = await makeDeck();
  assert.match((await deck.run(['restore', folder])).stderr, /no finished backup/);
  await deck.start();
  await run(deck, ['backup', folder]);
  assert.match((await deck.run(['restore', folder])).stderr, /running tapedeck \(pid \d+\)/);
  await deck.stop();
  assert.match((await deck.run(['restore', folder])).stderr, /not empty/);
  for (const settings of [{ STORAGE_URL: 's3://recordings', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }]) {
    const done = await deck.run(['backup', folder], { settings });
    assert.equal(done.code, 1);
    assert.match(done.stderr, /DATABASE_URL and STORAGE_URL/);
  }
});

test('a damaged recording of the backup is named and left out, and the rest is restored', async () => {
  const { deck, folder } = await makeDeck();
  await deck.start();
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`b-${account.sid.slice(-6)}`, account);
  const recordings = await addStored(deck, business, 3);
  await run(deck, ['backup', folder]);
  await deck.stop();
  const entries = await readdir(path.join(folder, 'recordings'), { recursive: true });
  const damaged = entries.find((name) => name.includes(recordings[0].sid) && name.endsWith('.mp3'));
  const file = path.join(folder, 'recordings', damaged);
  const bytes = await readFile(file);
  bytes[100] ^= 1;
  await chmod(file, 0o600);
  await writeFile(file, bytes);
  await destroyData(deck);
  const restored = await run(deck, ['restore', folder], 1);
  assert.deepEqual([restored.verified, restored.damaged, restored.named], [2, 1, [damaged]]);
  await deck.start();
  await expectAllPlay(deck, business, recordings.slice(1));
  // A backup with a damaged database is refused.
  const database = (await readdir(folder)).find((name) => name.endsWith('.db'));
  await writeFile(path.join(folder, database), Buffer.concat([await readFile(path.join(folder, database)), Buffer.alloc(1)]));
  await deck.stop();
  await destroyData(deck);
  assert.match((await deck.run(['restore', folder])).stderr, /database is damaged/);
});
