// Several processes that share a PostgreSQL, an S3 server and a Redis, when one of these is down or wrongly configured; and
// audio directly from the object store.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { startPostgres } from '../../tools/services/postgres.mjs';
import { startS3 } from '../../tools/services/s3.mjs';
import { until } from '../../tools/services/until.mjs';
import { startSim } from './support/sim.mjs';
import { makeSharedStores, makeTapedeck } from './support/tapedeck.mjs';

const nodes = ['api', 'api', 'worker'];
let sim;
let postgres;
let s3;
const decks = [];

before(async () => {
  sim = await startSim();
  // A restart must find all accepted recordings, so this PostgreSQL waits for the disk.
  [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
});

after(async () => {
  for (const deck of decks) await deck.destroy();
  await Promise.all([sim, postgres, s3].map((one) => one?.stop?.() ?? one?.destroy()));
});

async function makeDeck(options = {}) {
  const deck = await makeTapedeck({ sim, nodes, stores: await makeSharedStores({ postgres, s3 }), ...options });
  decks.push(deck);
  return deck;
}

async function makeBusiness(deck, count) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`b-${account.sid.slice(-6)}`, account);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 2 });
  for (const one of recordings) await deck.tell(business, one);
  return { business, recordings, calls: recordings.map(({ call }) => call) };
}

const ready = async (deck) => (await deck.request('GET', '/readyz')).json;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashOf = async ({ sid }) => (await sim.recording(sid)).media.mp3_1.sha256;

async function playAll(deck, { business, recordings, calls }) {
  for (const [i, call] of calls.entries()) {
    const answer = await deck.play(business, call);
    assert.equal(answer.status, 200, `${answer.status} ${answer.body}`);
    assert.equal(sha256(answer.body), await hashOf(recordings[i]));
  }
}

test('while PostgreSQL is down nothing is accepted; what was accepted before is done after its return', async () => {
  const deck = await makeDeck();
  await deck.start();
  const { business, recordings, calls } = await makeBusiness(deck, 12);
  await sim.addRule({ fault: 'stall', account: business.account.sid, after_bytes: 1000, for_ms: 300 });
  for (const call of calls.slice(0, 6)) assert.equal((await deck.press(business, call)).status, 202);

  await postgres.kill();
  const refused = await deck.press(business, calls[6]);
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  const away = await until('a readyz that says so', () => ready(deck), ({ checks }) => checks.call_store !== 'ok');
  assert.doesNotMatch(JSON.stringify(away), /postgres@/);
  const webhook = await sim.webhook({ recording: recordings[7].sid, timeout_ms: 10_000, ...deck.webhookOf(business) });
  assert.deepEqual(Object.keys(webhook.statuses), ['503']);

  await postgres.start();
  await until('a press that is taken', () => deck.press(business, calls[6]), ({ status }) => status !== 503);
  for (const call of calls.slice(7)) await deck.press(business, call);
  await playAll(deck, { business, recordings, calls });
  assert.ok((await sim.stats()).accounts[business.account.sid].greatest <= 3);
});

test('while the object store is down recordings keep their place; they are stored after its return', async () => {
  const deck = await makeDeck();
  await deck.start();
  const { business, recordings, calls } = await makeBusiness(deck, 4);
  await s3.kill();
  for (const call of calls) assert.equal((await deck.press(business, call)).status, 202);
  const waiting = await deck.untilStatus(business, calls[0], (status) => status.cause !== undefined || status.why !== undefined);
  assert.notEqual(waiting.state, 'failed');
  assert.equal((await deck.get(business, '/api/calls')).status, 200);
  await until('a readyz that says so', () => ready(deck), ({ checks }) => checks.blob_store !== 'ok');
  await s3.start();
  for (const call of calls) await deck.post(business, call, 'retry'); // rather than wait for the next attempt
  await playAll(deck, { business, recordings, calls });
  // Stored recordings need it, and say so, even while a recording is still open.
  await s3.kill();
  const held = await deck.press(business, calls.at(-1));
  const cold = await deck.press(business, calls[0]);
  await s3.start();
  for (const { status, headers } of [held, cold]) {
    assert.equal(status, 503);
    assert.match(headers['retry-after'], /^\d+$/);
  }
  await playAll(deck, { business, recordings, calls });
});

test('with STORAGE_DELIVERY=redirect the bytes come from the object store, and other answers from the API', async () => {
  const deck = await makeDeck({ settings: { STORAGE_DELIVERY: 'redirect' } });
  await deck.start();
  const { business, recordings, calls: [call] } = await makeBusiness(deck, 1);
  await deck.press(business, call);
  await deck.untilState(business, call, 'stored');

  const redirect = await deck.press(business, call);
  assert.equal(redirect.status, 307);
  assert.equal(redirect.headers['cache-control'], 'no-store');
  const link = new URL(redirect.headers.location);
  assert.equal(link.origin, s3.url);
  const seconds = Number(link.searchParams.get('X-Amz-Expires'));
  assert.ok(seconds >= 3600 + 2, `${seconds} s`);
  const whole = await fetch(link);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers.get('content-type'), 'audio/mpeg');
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.equal(sha256(bytes), await hashOf(recordings[0]));
  const part = await fetch(link, { headers: { Range: 'bytes=100-199' } });
  assert.deepEqual([part.status, Buffer.from(await part.arrayBuffer())], [206, bytes.subarray(100, 200)]);

  const head = await deck.request('HEAD', `/api/recordings/${call}/stream`, { key: business.key });
  assert.deepEqual([head.status, Number(head.headers['content-length'])], [200, bytes.length]);
  const again = await deck.get(business, `/api/recordings/${call}/stream`, { headers: { 'If-None-Match': head.headers.etag } });
  assert.equal(again.status, 304);
  const download = await deck.get(business, `/api/recordings/${call}/stream?download=1`);
  assert.deepEqual([download.status, sha256(download.body)], [200, sha256(bytes)]);
  assert.match(download.headers['content-disposition'], /^attachment; filename=/);
  const page = await deck.request('GET', '/');
  assert.ok(page.headers['content-security-policy'].includes(`media-src 'self' ${s3.url}`));
});

test('log, readyz and doctor report a wrong key of the object store, and never print it', async () => {
  const stores = await makeSharedStores({ postgres, s3 });
  const deck = await makeDeck({ stores, settings: { AWS_ACCESS_KEY_ID: 'NOBODY', AWS_SECRET_ACCESS_KEY: 'sesame-open' } });
  await deck.start();
  const said = await deck.untilLine((line) => line.startsWith('STORAGE_AWAY'));
  const doctor = await deck.run(['doctor', '--offline']);
  const words = [said, JSON.stringify(await ready(deck)), doctor.stdout];
  assert.equal(doctor.code, 1);
  for (const text of words) assert.match(text, /InvalidAccessKeyId|key/i);
  assert.doesNotMatch([...words, ...deck.lines, doctor.stderr].join('\n'), /sesame/);
});

test('an unreachable database ends the start with a message without the password', async () => {
  const stores = await makeSharedStores({ postgres, s3 });
  const deck = await makeDeck({ stores });
  for (const [url, reason] of [
    ['postgresql://tapedeck:sesame@127.0.0.1:1/calls', /refused|reach/],
    [postgres.url('no_such_database').replace('postgres@', 'postgres:sesame@'), /no_such_database/],
    [postgres.url('template1').replace('postgres@', 'nobody:sesame@'), /nobody/],
  ]) {
    const ended = await deck.run(['serve'], { settings: { DATABASE_URL: url } });
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /DATABASE_URL/);
    assert.match(ended.stderr, reason);
    assert.doesNotMatch(ended.stderr, /sesame/);
  }
});

test('a single process can keep its recordings in an object store', async () => {
  const { settings: { STORAGE_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }, bucket } = await makeSharedStores({ postgres, s3 });
  const deck = await makeTapedeck({ sim, nodes: null, settings: { STORAGE_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } });
  decks.push(deck);
  await deck.start();
  const one = await makeBusiness(deck, 2);
  await playAll(deck, one);
  const audioOf = (objects, { sid }) => objects.filter(({ key }) => key.includes(sid) && key.endsWith('.mp3'));
  assert.equal(audioOf(await s3.objects(bucket), one.recordings[0]).length, 1);
  assert.deepEqual(await deck.blobFiles(), []);
  await deck.request('DELETE', `/api/recordings/${one.calls[0]}`, { key: one.business.key });
  await until('the object is gone', () => s3.objects(bucket), (objects) => !objects.some(({ key }) => key.includes(one.recordings[0].sid)));
});
