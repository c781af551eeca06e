// A business gets the format that it chose: MP3, WAV, or WAV with a channel for each party. The recording is stored, described
// and served in it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import { until } from '../../tools/services/until.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck } from './support/tapedeck.mjs';

let sim;
let deck;
let businesses = 0;

before(async () => {
  sim = await startSim();
  deck = await makeTapedeck({ sim, settings: { RECORDING_FORMAT: 'wav' } });
  await deck.start();
});

after(async () => {
  await deck?.destroy();
  await sim?.stop();
});

async function makeRecording(business, channels = 2) {
  const [recording] = await sim.addRecordings({ account: business.account.sid, duration_s: 3, channels });
  return { recording, call: await deck.tell(business, recording) };
}

async function makeBusiness(...options) {
  return deck.addBusiness(`business-${++businesses}`, await sim.addAccount(), ...options);
}

// Plays `call` and checks its description. `media`: the simulator's name for the expected bytes.
async function assertServedAs(business, { recording, call }, media, { type, extension, channels, codec, extra = 0 }) {
  const played = await deck.play(business, call);
  assert.equal(played.status, 200, played.body.toString());
  assert.equal(played.headers['content-type'], type);
  const { bytes, sha256 } = (await sim.recording(recording.sid)).media[media];
  assert.equal(createHash('sha256').update(played.body).digest('hex'), sha256);
  assert.equal(Number(played.headers['content-length']), bytes);

  const part = await deck.get(business, `/api/recordings/${call}/stream`, { headers: { Range: 'bytes=0-1' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers['content-type'], type);
  assert.equal(part.headers['content-range'], `bytes 0-1/${bytes}`);

  const saved = await deck.get(business, `/api/recordings/${call}/stream?download=1`);
  assert.equal(saved.headers['content-type'], type);
  assert.match(saved.headers['content-disposition'], new RegExp(`^attachment; filename="recording-[\\w.-]*${call}\\.${extension}"$`));

  const files = (await deck.blobFiles()).filter(({ name }) => name.startsWith(recording.sid) && !name.endsWith('.peaks'));
  assert.deepEqual(files.map(({ name }) => name), [`${recording.sid}-1.${extension}`]);

  const status = await deck.untilStatus(business, call, ({ measured }) => measured);
  assert.equal(status.content_type, type);
  assert.equal(status.sha256, sha256);
  assert.deepEqual({ ...status.measured, duration: 0 }, { duration: 0, channels, sample_rate: 8000, codec });
  assert.ok(Math.abs(status.measured.duration - 3) <= extra, `${status.measured.duration} s`);
}

// An MP3 ends with a whole frame of 72 ms.
const mp3 = { type: 'audio/mpeg', extension: 'mp3', channels: 2, codec: 'mp3', extra: 0.072 };
const wav = { type: 'audio/wav', extension: 'wav', channels: 2, codec: 'pcm_s16le' };

test('a business without a format gets RECORDING_FORMAT', async () => {
  const business = await makeBusiness();
  await assertServedAs(business, await makeRecording(business), 'wav_2', wav);
});

test('a business can choose MP3', async () => {
  const business = await makeBusiness('--format', 'mp3');
  await assertServedAs(business, await makeRecording(business), 'mp3_2', mp3);
  await assertServedAs(business, await makeRecording(business, 1), 'mp3_1', { ...mp3, channels: 1 });
});

test('a business can choose WAV', async () => {
  const business = await makeBusiness('--format', 'wav');
  await assertServedAs(business, await makeRecording(business, 1), 'wav_1', { ...wav, channels: 1 });
});

test('a WAV has a channel for each party, and one where the recording has only one', async () => {
  const business = await makeBusiness('--format', 'wav-dual');
  await assertServedAs(business, await makeRecording(business), 'wav_2', wav);
  await assertServedAs(business, await makeRecording(business, 1), 'wav_1', { ...wav, channels: 1 });
});

test('a changed format holds for later fetches', async () => {
  const business = await makeBusiness('--format', 'mp3');
  const before = await makeRecording(business);
  await assertServedAs(business, before, 'mp3_2', mp3);
  await deck.command('business', 'set', business.id, '--format', 'wav-dual');
  // The running server notices it within a second or two.
  let current;
  const typeOfAnother = async () => {
    current = await makeRecording(business);
    return (await deck.play(business, current.call)).headers['content-type'];
  };
  await until('a recording in the new format', typeOfAnother, (type) => type === 'audio/wav');
  await assertServedAs(business, current, 'wav_2', wav);
  await assertServedAs(business, before, 'mp3_2', mp3);
});
