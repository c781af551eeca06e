// Migration from a single process to many that share PostgreSQL, S3 and Redis, and back: beside a running server, killed in
// the middle and repeated. The new processes must play everything and continue the queue in order.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

import { startPostgres } from '../../tools/services/postgres.mjs';
import { startS3 } from '../../tools/services/s3.mjs';
import { startSim } from './support/sim.mjs';
import { makeSharedStores, makeTapedeck, tapedeckBinary, Tapedeck, until } from './support/tapedeck.mjs';

const secret = randomBytes(32).toString('base64');
const storedCount = 40;
const waitingCount = 6;
const moreCalls = 1500; // so that a copy of the rows takes several batches

let sim;
let postgres;
let s3;
const ends = [];

before(async () => {
  sim = await startSim();
  [postgres, s3] = await Promise.all([startPostgres({ settings: { fsync: 'off' } }), startS3()]);
});

after(async () => {
  for (const end of ends.reverse()) await end();
  await Promise.all([sim?.stop(), postgres?.destroy(), s3?.destroy()]);
});

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashOf = async ({ sid }) => (await sim.recording(sid)).media.mp3_1.sha256;

async function expectAllPlay(deck, business, recordings) {
  for (const one of recordings) {
    const answer = await deck.play(business, one.call);
    assert.equal(answer.status, 200, `${answer.status} ${answer.body}`);
    assert.equal(sha256(answer.body), await hashOf(one));
  }
}

// A paused business with stored and with waiting recordings.
async function load(deck) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`b-${account.sid.slice(-6)}`, account, '--limit', '1');
  const stored = await sim.addRecordings({ account: account.sid, count: storedCount, duration_s: 2 });
  for (const one of stored) await deck.tell(business, one, { from: '+14155550100', to: 'Émile "é"' });
  for (const one of stored) await deck.press(business, one.call);
  await expectAllPlay(deck, business, stored);
  await deck.command('business', 'pause', business.id);
  await until('the pause', async () => (await deck.queue(business)).blocked, Boolean);
  const waiting = await sim.addRecordings({ account: account.sid, count: waitingCount, duration_s: 2 });
  for (const one of waiting) await deck.tell(business, one);
  for (const one of waiting) assert.equal((await deck.press(business, one.call)).status, 202);
  return { account, business, stored, waiting };
}

async function addCalls(deck, business, count) {
  const calls = Array.from({ length: count }, (_, i) => `CAe${i.toString(16).padStart(31, '0')}`);
  const put = async () => {
    for (let call = calls.pop(); call; call = calls.pop()) {
      const answer = await deck.request('PUT', `/api/calls/${call}`, { key: business.key, body: { from: '+14155550111' } });
      assert.equal(answer.status, 201);
    }
  };
  await Promise.all(Array.from({ length: 16 }, put));
}

/** Starts `tapedeck migrate --json …` and kills it when a progress line `matches`. True: it was killed. */
async function killedAt(deck, args, settings, matches) {
  const env = { PATH: process.env.PATH, DATA_DIR: deck.dataDir, SECRET_KEY: secret, ...settings };
  const child = spawn(tapedeckBinary(), ['migrate', '--json', ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal)));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!matches(JSON.parse(line))) continue;
    child.kill('SIGKILL');
    break;
  }
  return (await ended) === 'SIGKILL';
}

async function migrate(deck, args, settings) {
  const done = await deck.run(['migrate', '--json', ...args], { settings });
  assert.equal(done.code, 0, done.stderr);
  return JSON.parse(done.stdout.trim().split('\n').at(-1));
}

const refused = async (deck, args, settings, reason) => {
  const done = await deck.run(['migrate', ...args], { settings });
  assert.equal(done.code, 1, done.stdout);
  assert.match(done.stderr, reason);
};

const waitingOrder = async (deck, business) => {
  const { active, waiting } = await deck.queue(business);
  return [...active, ...waiting].map(({ sid }) => sid);
};

test('a migration to shared stores, beside a server and killed twice, plays everything and keeps the order of the queue', async () => {
  const settings = { SECRET_KEY: secret };
  const alone = await makeTapedeck({ sim, settings });
  ends.push(() => alone.destroy());
  await alone.start();
  const { account, business, stored, waiting } = await load(alone);
  await addCalls(alone, business, moreCalls);
  const order = await waitingOrder(alone, business);
  assert.deepEqual(order, waiting.map(({ call }) => call));

  const stores = await makeSharedStores({ postgres, s3 });
  const keys = { AWS_ACCESS_KEY_ID: stores.settings.AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: stores.settings.AWS_SECRET_ACCESS_KEY };
  const to = ['--to-database', stores.settings.DATABASE_URL, '--to-storage', stores.settings.STORAGE_URL];
  const plan = await migrate(alone, [...to, '--dry-run'], keys);
  assert.deepEqual([plan.outcome, plan.recordings, plan.blobs], ['planned', storedCount + waitingCount, storedCount]);

  // Killed while it copies rows, then while it copies recordings.
  assert.ok(await killedAt(alone, to, keys, ({ part, done }) => part === 'calls' && done > 0));
  assert.ok(await killedAt(alone, to, keys, ({ part }) => part === 'blobs'));
  // No server starts on half a copy.
  const serve = await alone.run(['serve'], { settings: { ...stores.settings, SECRET_KEY: secret, REDIS_URL: 'redis://127.0.0.1:1', DATA_DIR: path.join(alone.dataDir, 'other') } });
  assert.equal(serve.code, 1);
  assert.match(serve.stderr, /unfinished copy/);

  // The server plays, and accepts a new recording, which the final run finds.
  const copied = await migrate(alone, to, keys);
  assert.equal(copied.outcome, 'copied');
  assert.equal(copied.blobs.blobs, storedCount);
  await expectAllPlay(alone, business, stored.slice(0, 5));
  const [late] = await sim.addRecordings({ account: account.sid, count: 1, duration_s: 2 });
  await alone.tell(business, late);
  assert.equal((await alone.press(business, late.call)).status, 202);
  await refused(alone, [...to, '--final'], keys, /running tapedeck/);
  await alone.kill();
  const finished = await migrate(alone, [...to, '--final'], keys);
  assert.deepEqual([finished.outcome, finished.agrees, finished.blobs.missing, finished.blobs.damaged], ['finished', true, 0, 0]);
  for (const table of finished.tables) {
    assert.equal(table.source_sha256, table.copy_sha256, table.table);
    assert.equal(table.rows, Number(await postgres.ask(stores.settings.DATABASE_URL, `SELECT count(*) FROM tapedeck.${table.table}`)));
  }
  assert.equal((await s3.objects(stores.bucket)).filter(({ key }) => key.endsWith('.mp3')).length, storedCount);
  await refused(alone, to, keys, /finished before/);

  const before = (await sim.log()).length;
  stores.settings.SECRET_KEY = secret;
  const many = await makeTapedeck({ sim, nodes: ['api', 'worker'], stores });
  ends.push(() => many.destroy());
  await many.start();
  assert.equal((await many.get(business, '/api/calls?limit=1')).status, 200, 'the key of before opens');
  await expectAllPlay(many, business, stored);
  assert.deepEqual(await waitingOrder(many, business), [...order, late.call]);
  await many.command('business', 'resume', business.id);
  await expectAllPlay(many, business, [...waiting, late]);
  const asked = (await sim.log(before)).filter(({ event, resource }) => event === 'request' && resource === 'media');
  assert.deepEqual([...new Set(asked.map(({ recording }) => recording))], [...waiting, late].map(({ sid }) => sid));

  // Back into an empty directory, with the processes stopped.
  await many.stop();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-back-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const back = path.join(folder, 'data');
  const home = ['--to-database', `sqlite:${back}`, '--to-storage', `file:${back}`];
  assert.equal((await migrate(many, home)).agrees, true);
  const returned = await migrate(many, [...home, '--final']);
  assert.deepEqual([returned.outcome, returned.blobs.blobs], ['finished', storedCount + waitingCount + 1]);
  assert.ok(existsSync(path.join(back, 'secret.key')));
  const again = new Tapedeck(back, { sim });
  ends.push(() => again.destroy());
  await again.start();
  await expectAllPlay(again, business, [...stored, ...waiting, late]);
  const [fresh] = await sim.addRecordings({ account: account.sid, count: 1, duration_s: 2 });
  await again.tell(business, fresh);
  await again.press(business, fresh.call);
  await expectAllPlay(again, business, [fresh]);
});

test('a damaged recording is named and not copied, and stops the final run unless it is left behind', async () => {
  const alone = await makeTapedeck({ sim });
  ends.push(() => alone.destroy());
  await alone.start();
  const account = await sim.addAccount();
  const business = await alone.addBusiness(`b-${account.sid.slice(-6)}`, account);
  const recordings = await sim.addRecordings({ account: account.sid, count: 3, duration_s: 2 });
  for (const one of recordings) await alone.tell(business, one);
  await expectAllPlay(alone, business, recordings);
  await alone.stop();
  const [damaged, gone] = (await alone.blobFiles()).filter(({ name }) => name.endsWith('.mp3')).map((file) => path.join(alone.dataDir, 'recordings', file.path));
  const bytes = await readFile(damaged);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(damaged, bytes);
  await rm(gone);
  const { settings } = await makeSharedStores({ postgres, s3 });
  const { STORAGE_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = settings;
  const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  const to = ['--to-storage', STORAGE_URL, '--final'];
  await refused(alone, to, keys, /1 recordings are missing in the source and 1 are damaged.*--leave-damaged/);
  const left = await migrate(alone, [...to, '--leave-damaged'], keys);
  assert.deepEqual([left.outcome, left.blobs.missing, left.blobs.damaged, left.blobs.named.length], ['finished', 1, 1, 2]);
});

test('a target with other content, or an unknown one, is refused with what to do', async () => {
  const alone = await makeTapedeck({ sim });
  const other = await makeTapedeck({ sim });
  ends.push(() => alone.destroy(), () => other.destroy());
  await refused(alone, [], {}, /--to-database URL/);
  await refused(alone, ['--to-database', other.dataDir], {}, /holds calls already/);
  await refused(alone, ['--to-database', alone.dataDir], {}, /name another/);
  await refused(alone, ['--to-database', 'mysql://db'], {}, /expected postgresql:/);
  await refused(alone, ['--to-database', 'postgresql://u:sesame@127.0.0.1:1/x'], {}, /--to-database.*(refused|reach)/);
  await refused(alone, ['--to-storage', 's3://'], {}, /--to-storage/);
  await refused(alone, ['--to-database', '/tmp/a', '--to-storage', '/tmp/b'], {}, /two directories/);
});
