// Waveforms and durations from the audio itself: measured after a recording is stored, served in the format of wavesurfer.js,
// and never delaying the recording.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

const pairs = 1000;

let sim;
let deck;
let data;
let businesses = 0;

before(async () => {
  data = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-peaks-'));
  // The header of an MPEG frame and nothing that could follow it.
  await writeFile(path.join(data, 'bad.mp3'), Buffer.concat([Buffer.from([0xff, 0xe3, 0x48, 0xc0]), Buffer.alloc(200)]));
  sim = await startSim({ data });
  deck = await makeTapedeck({ sim });
  await deck.start();
});

after(async () => {
  await deck?.destroy();
  await sim?.stop();
  if (data) await rm(data, { recursive: true, force: true });
});

async function makeBusiness(...options) {
  return deck.addBusiness(`business-${++businesses}`, await sim.addAccount(), ...options);
}

async function makeRecording(business, more = {}) {
  const [recording] = await sim.addRecordings({ account: business.account.sid, duration_s: 5, ...more });
  return { recording, call: await deck.tell(business, recording) };
}

const askPeaks = (business, sid, options) => deck.get(business, `/api/recordings/${sid}/peaks`, options);

function peaks(business, sid) {
  return until(`peaks of ${sid}`, () => askPeaks(business, sid), ({ status }) => status !== 202);
}

const filesOf = async ({ sid }) => (await deck.blobFiles()).filter(({ name }) => name.startsWith(sid)).map(({ name }) => name).sort();
const metric = async (name) => {
  const text = (await deck.request('GET', '/metrics')).body.toString();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
};

// The checks of wavesurfer.js (src/decoder.ts): an array of numbers for each channel, all of one length.
function assertFitsWavesurfer({ peaks: channels, duration }) {
  assert.ok(Array.isArray(channels) && channels.length > 0);
  assert.ok(duration > 0);
  for (const channel of channels) {
    assert.equal(channel.length, channels[0].length);
    assert.ok(channel.every((number) => Number.isFinite(number) && number >= -1 && number <= 1));
    for (let i = 0; i < channel.length; i += 2) assert.ok(channel[i] <= channel[i + 1], `pair ${i / 2}`);
  }
}

test('a stored recording gets its peaks without a request, with a channel for each party', async () => {
  const business = await makeBusiness('--format', 'wav-dual');
  const { recording, call } = await makeRecording(business, { channels: 2 });
  await deck.play(business, call);
  const answer = await peaks(business, call);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json');
  const { json } = answer;
  assert.deepEqual([json.version, json.channels, json.sample_rate, json.duration], [1, 2, 8000, 5]);
  assertFitsWavesurfer(json);
  assert.deepEqual(json.peaks.map(({ length }) => length), [2 * pairs, 2 * pairs]);
  // The simulator's tone is a triangle of a quarter of the full scale, with a little noise.
  for (const channel of json.peaks) {
    assert.ok(Math.max(...channel) > 0.23 && Math.max(...channel) < 0.26, `${Math.max(...channel)}`);
    assert.ok(Math.min(...channel) < -0.23 && Math.min(...channel) > -0.26, `${Math.min(...channel)}`);
  }
  assert.deepEqual(await filesOf(recording), [`${recording.sid}-1.peaks`, `${recording.sid}-1.wav`]);
  assert.deepEqual((await askPeaks(business, recording.sid)).json, json);
});

test('the browser keeps peaks, asks whether it may show them, and they are not sent again', async () => {
  const business = await makeBusiness();
  const { call } = await makeRecording(business);
  await deck.play(business, call);
  const { headers } = await peaks(business, call);
  assert.equal(headers['cache-control'], 'private, no-cache');
  const again = await askPeaks(business, call, { headers: { 'If-None-Match': headers.etag } });
  assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, headers.etag]);
  const head = await deck.request('HEAD', `/api/recordings/${call}/peaks`, { key: business.key });
  assert.deepEqual([head.status, head.headers['content-length']], [200, headers['content-length']]);
});

test('peaks have the expected size', async () => {
  const business = await makeBusiness('--format', 'wav');
  const { call } = await makeRecording(business, { duration_s: 600 });
  await deck.play(business, call);
  assert.ok((await peaks(business, call)).body.length < 20_000);
});

test('a request for peaks starts no download', async () => {
  const business = await makeBusiness();
  const { recording, call } = await makeRecording(business);
  const answer = await askPeaks(business, call);
  assert.deepEqual([answer.status, answer.json], [202, { status: 'remote' }]);
  assert.equal((await deck.status(business, call)).state, 'remote');
  assert.equal((await sim.stats()).recordings[recording.sid]?.requested ?? 0, 0);
});

test('another business, a wrong key and an unknown recording get no peaks', async () => {
  const [owner, other] = [await makeBusiness(), await makeBusiness()];
  const { call } = await makeRecording(owner);
  await deck.play(owner, call);
  assert.equal((await peaks(owner, call)).status, 200);
  const unknown = `CA${'d'.repeat(32)}`;
  const [foreign, absent] = [await askPeaks(other, call), await askPeaks(other, unknown)];
  assert.equal(foreign.status, 404);
  assert.equal(foreign.body.toString().replaceAll(call, 'SID'), absent.body.toString().replaceAll(unknown, 'SID'));
  assert.equal((await deck.request('GET', `/api/recordings/${call}/peaks`)).status, 401);
});

test('a signed link gives peaks too', async () => {
  const business = await makeBusiness();
  const { call } = await makeRecording(business);
  await deck.play(business, call);
  await peaks(business, call);
  const link = new URL((await deck.post(business, call, 'link')).json.url);
  const answer = await deck.request('GET', link.pathname.replace('/stream', '/peaks') + link.search);
  assert.equal(answer.status, 200);
});

test('a duration that differs from the provider\'s is shown, logged and counted', async () => {
  const business = await makeBusiness();
  const [recording] = await sim.addRecordings({ account: business.account.sid, duration_s: 5 });
  const told = { sid: recording.sid, account_sid: recording.account, duration: 65 };
  const call = await deck.tell(business, recording, { recording: told });
  const before = await metric('tapedeck_duration_differences_total');
  await deck.play(business, call);
  const status = await deck.untilStatus(business, call, ({ measured }) => measured);
  assert.equal(status.duration, 65);
  assert.ok(Math.abs(status.measured.duration - 5) < 0.1);
  assert.equal(status.duration_differs, true);
  const listed = (await deck.get(business, '/api/calls')).json.calls[0].recording;
  assert.equal(listed.duration_differs, true);
  assert.deepEqual(listed.measured, status.measured);
  await deck.untilLines(() => deck.linesOf(business, ['DURATION_DIFFERS']).length === 1);
  assert.match(deck.linesOf(business, ['DURATION_DIFFERS'])[0], /told_seconds=65 measured_seconds=5\.\d+ level=warning$/);
  assert.equal(await metric('tapedeck_duration_differences_total'), before + 1);
});

test('a duration that agrees with the webhook is not reported', async () => {
  const business = await makeBusiness();
  const [recording] = await sim.addRecordings({ account: business.account.sid, duration_s: 5 });
  await sim.webhook({ recording: recording.sid, ...deck.webhookOf(business) });
  const status = await deck.untilStatus(business, recording.call, ({ measured }) => measured);
  assert.deepEqual([status.duration, status.duration_differs], [5, false]);
  assert.deepEqual(deck.linesOf(business, ['DURATION_DIFFERS']), []);
});

test('a recording that cannot be decoded plays, and says why it has no peaks', async () => {
  const business = await makeBusiness();
  const { recording, call } = await makeRecording(business, { files: { mp3: 'bad.mp3' } });
  assert.equal((await deck.play(business, call)).status, 200);
  const answer = await peaks(business, call);
  assert.equal(answer.status, 424);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.match(answer.json.type, /#peaks-failed$/);
  assert.match(answer.json.cause.code, /^media_/);
  const status = await deck.status(business, call);
  assert.deepEqual([status.state, status.cause, status.measured], ['stored', null, null]);
  assert.equal((await deck.press(business, call)).status, 200);
  assert.equal(deck.linesOf(business, ['MEASURE_FAILED']).length, 1);
  assert.deepEqual(await filesOf(recording), [`${recording.sid}-1.mp3`]);
});

test('deleting a recording deletes its peaks', async () => {
  const business = await makeBusiness();
  const { recording, call } = await makeRecording(business);
  await deck.play(business, call);
  await peaks(business, call);
  assert.equal((await deck.request('DELETE', `/api/recordings/${call}`, { key: business.key })).status, 204);
  assert.deepEqual(await filesOf(recording), []);
  assert.equal((await askPeaks(business, call)).status, 410);
});

test('deleting a recording during its measure leaves nothing behind', async () => {
  const business = await makeBusiness('--format', 'wav');
  const recordings = [];
  for (let i = 0; i < 8; ++i) recordings.push(await makeRecording(business, { duration_s: 300 }));
  for (const { call } of recordings) await deck.play(business, call);
  for (const { call } of recordings) await deck.request('DELETE', `/api/recordings/${call}`, { key: business.key });
  for (const { recording } of recordings) {
    await until(`no file of ${recording.sid}`, () => filesOf(recording), (files) => files.length === 0);
  }
});

// The last tests restart the server.

test('missing peaks are measured again after a request', async () => {
  const business = await makeBusiness();
  const { recording, call } = await makeRecording(business);
  await deck.play(business, call);
  const { json } = await peaks(business, call);
  const file = (await deck.blobFiles()).find(({ name }) => name === `${recording.sid}-1.peaks`);
  await unlink(path.join(deck.dataDir, 'recordings', file.path));
  const asked = await askPeaks(business, call);
  assert.deepEqual([asked.status, asked.json], [202, { status: 'pending' }]);
  assert.ok(Number(asked.headers['retry-after']) >= 1);
  await deck.stop();
  await deck.start(); // rather than wait for the worker's next look
  assert.deepEqual((await peaks(business, call)).json, json);
});

test('a recording of a process that does not measure gets its peaks by the next one, without a request', async () => {
  const business = await makeBusiness();
  const stored = [];
  await deck.stop();
  await deck.start({ settings: { PEAKS_THREADS: '0' } });
  for (let i = 0; i < 5; ++i) stored.push(await makeRecording(business));
  for (const { call } of stored) await deck.play(business, call);
  const [{ call }] = stored;
  assert.deepEqual((await askPeaks(business, call)).json, { status: 'pending' });
  assert.equal((await deck.status(business, call)).measured, null);
  await deck.kill();
  await deck.start();
  for (const { recording } of stored) {
    await until(`a file of peaks of ${recording.sid}`, () => filesOf(recording), (files) => files.includes(`${recording.sid}-1.peaks`));
  }
  for (const one of stored) {
    const status = await deck.untilStatus(business, one.call, ({ measured }) => measured);
    assert.equal(status.measured.codec, 'mp3');
  }
});

test('the files of peaks are served as they are', async () => {
  const business = await makeBusiness();
  const { recording, call } = await makeRecording(business);
  await deck.play(business, call);
  const { body } = await peaks(business, call);
  const file = (await deck.blobFiles()).find(({ name }) => name === `${recording.sid}-1.peaks`);
  assert.deepEqual(await readFile(path.join(deck.dataDir, 'recordings', file.path)), body);
});
