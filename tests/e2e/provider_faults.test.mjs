// Every fault of the provider, through the whole server: the answer to the user, the stored result, and the requests that the
// provider saw.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { sid as makeSid, startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

// The idle and low-speed limits of a download are 20 and 30 s; the rest is for a busy machine.
const slowTransfersMs = 60_000;
const endlessBytes = 48 * 1024 * 1024;
const memoryMaxKib = 120 * 1024;

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

async function makeBusiness(count, { format = 'mp3', channels = 1, account } = {}) {
  account ??= await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account, '--format', format);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 5, channels });
  for (const one of recordings) await deck.tell(business, one);
  return { business, account, recordings, calls: recordings.map(({ call }) => call) };
}

const recordingStats = async ({ sid }) => (await sim.stats()).recordings[sid];

async function assertPlays(business, call, recording, media = 'mp3_1') {
  const answer = await deck.play(business, call);
  assert.equal(answer.status, 200, answer.body.toString());
  assert.equal(answer.headers['content-type'], media.startsWith('mp3') ? 'audio/mpeg' : 'audio/wav');
  const { sha256 } = (await sim.recording(recording.sid)).media[media];
  assert.equal(createHash('sha256').update(answer.body).digest('hex'), sha256);
}

const causesOf = (business, event) => deck.linesOf(business, [event]).map((line) => / cause=(\S+)/.exec(line)[1]);
// The last line of this event of the business; the answer may arrive before the line of the log.
async function assertCauses(business, event, expected) {
  await deck.untilLines(() => causesOf(business, event).length >= expected.length);
  assert.deepEqual(causesOf(business, event), expected);
}

// The requests for media of an account, with their times in ns.
async function mediaRequests(account) {
  const events = await sim.log();
  return events.filter(({ event, resource, account: of }) => event === 'request' && resource === 'media' && of === account.sid);
}

// The fault of the first attempt, and the cause with which the second one is delayed; the second succeeds.
const passing = [
  ['a server error', { fault: 'status', status: 500 }, 'provider_server_error'],
  ['a gateway without a backend', { fault: 'status', status: 503 }, 'provider_server_error'],
  ['503 with Retry-After', { fault: 'status', status: 503, retry_after_s: 1 }, 'provider_server_error'],
  ['an early end', { fault: 'close', after_bytes: 5000 }, 'media_truncated'],
  ['a reset in the middle', { fault: 'close', after_bytes: 5000, how: 'rst' }, 'media_truncated'],
  ['a Content-Length that promises more', { fault: 'wrong_length', difference: 500 }, 'media_truncated'],
  ['chunks without the last one', { fault: 'cut_chunked', after_bytes: 6000 }, 'media_truncated'],
  ['an XML error with status 200', { fault: 'error_body', format: 'xml' }, 'media_not_audio'],
  ['a JSON error with status 200', { fault: 'error_body', format: 'json' }, 'media_not_audio'],
  ['a page of HTML with status 200', { fault: 'error_body', format: 'html' }, 'media_not_audio'],
  ['an XML error called audio', { fault: 'error_body', format: 'xml', pretends_audio: true }, 'media_not_audio'],
  ['a JSON error called audio', { fault: 'error_body', format: 'json', pretends_audio: true }, 'media_not_audio'],
  ['a compressed body', { fault: 'gzip' }, 'media_not_audio'],
  ['a compressed body of a gigabyte', { fault: 'gzip_bomb' }, 'media_not_audio'],
  ['an empty file', { fault: 'zero_bytes' }, 'media_empty'],
  ['something that is not HTTP', { fault: 'raw', text: 'hello\r\n\r\n' }, 'provider_server_error'],
];

test('a transient fault delays the recording with its cause; then it is retried and plays', { concurrency: passing.length }, async (t) => {
  await Promise.all(passing.map(([name, fault, cause]) => t.test(name, async () => {
    const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
    await sim.addRule({ ...fault, account: account.sid, times: 1 });
    await deck.press(business, sid);
    await assertPlays(business, sid, recording);
    await assertCauses(business, 'RECORDING_RETRY', [cause]);
    assert.equal((await recordingStats(recording)).requested, 2);
    assert.equal((await deck.status(business, sid)).attempts, 2);
  })));
});

// Faults that a second attempt cannot correct.
const final = [
  ['a refused request', { fault: 'status', status: 400 }, 'provider_rejected'],
  ['wrong credentials', { fault: 'status', status: 401 }, 'provider_unauthorized'],
  ['a region that is not the account\'s', { fault: 'status', status: 403 }, 'provider_unauthorized'],
  ['a redirect to another host that is not https', { fault: 'redirect' }, 'provider_redirect_refused'],
  ['a redirect to our own network', { fault: 'redirect', location: 'http://169.254.169.254/x' }, 'provider_redirect_refused'],
  ['a redirect to a file', { fault: 'redirect', location: 'file:///etc/passwd' }, 'provider_redirect_refused'],
  ['redirects without end', { fault: 'redirect_loop' }, 'provider_redirect_refused'],
  ['an announcement of two gigabytes',
    { fault: 'raw', text: 'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 2000000000\r\n\r\n' }, 'media_too_large'],
];

test('a permanent fault is 424 with its cause, without further attempts, and plays after a retry by hand', { concurrency: final.length }, async (t) => {
  await Promise.all(final.map(([name, fault, cause]) => t.test(name, async () => {
    const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
    const rule = await sim.addRule({ ...fault, account: account.sid });
    await deck.press(business, sid);
    await deck.untilState(business, sid, 'failed');
    const { requested } = await recordingStats(recording);
    const answer = await deck.press(business, sid);
    assert.equal(answer.status, 424);
    assert.equal(answer.json.cause.code, cause);
    assert.ok(answer.json.cause.detail.length > 0);
    await assertCauses(business, 'RECORDING_FAILED', [cause]);
    assert.equal((await recordingStats(recording)).requested, requested, 'nothing more was asked for');
    await sim.removeRule(rule);
    assert.equal((await deck.post(business, sid, 'retry')).status, 202);
    await assertPlays(business, sid, recording);
  })));
  const { cdn_with_authorization: leaked, media_without_authorization: bare } = await sim.stats();
  assert.deepEqual([leaked, bare], [0, 0], 'credentials went to the provider, and nowhere else');
});

test('a connection that is closed or reset before the answer is retried', async () => {
  for (const how of ['fin', 'rst']) {
    const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
    // A dead kept connection is replaced at once; a new connection that dies is a failure.
    const rule = await sim.addRule({ fault: 'close', before_header: true, how, account: account.sid });
    await deck.press(business, sid);
    await until('a failure', () => causesOf(business, 'RECORDING_RETRY'), (causes) => causes.length > 0);
    assert.equal(causesOf(business, 'RECORDING_RETRY')[0], 'provider_unreachable');
    await sim.removeRule(rule);
    await assertPlays(business, sid, recording);
  }
});

test('a redirect within the provider is followed', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  const location = 'http://127.0.0.1:{port}/2010-04-01/Accounts/{account}/Recordings/{recording}.mp3?again=1';
  await sim.addRule({ fault: 'redirect', status: 307, location, account: account.sid, times: 1 });
  await deck.press(business, sid);
  await assertPlays(business, sid, recording);
  await assertCauses(business, 'RECORDING_RETRY', []);
});

test('a body without a length is stored whole', async () => {
  for (const framing of ['chunked', 'close']) {
    const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
    await sim.addRule({ fault: 'no_length', framing, account: account.sid });
    await deck.press(business, sid);
    await assertPlays(business, sid, recording);
    assert.equal((await recordingStats(recording)).requested, 1);
  }
});

test('a WAV whose Content-Length is less than its header says is incomplete', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1, { format: 'wav' });
  await sim.addRule({ fault: 'wrong_length', difference: -500, account: account.sid, times: 1 });
  await deck.press(business, sid);
  await assertPlays(business, sid, recording, 'wav_1');
  await assertCauses(business, 'RECORDING_RETRY', ['media_truncated']);
});

// An MP3 does not contain its length, so HTTP decides (RFC 9112 §6.3).
test('an MP3 is as long as its Content-Length, without the bytes after it', async () => {
  const { business, account, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  await sim.addRule({ fault: 'wrong_length', difference: -500, account: account.sid, times: 1 });
  await deck.press(business, sid);
  const short = await deck.play(business, sid);
  const whole = await sim.request('GET', sim.mediaPath(recording), { account });
  assert.deepEqual(short.body, whole.body.subarray(0, whole.body.length - 500));
});

test('a recording is fetched with the channels that it has', async () => {
  const dual = await makeBusiness(1, { format: 'wav-dual', channels: 2 });
  await deck.press(dual.business, dual.calls[0]);
  await assertPlays(dual.business, dual.calls[0], dual.recordings[0], 'wav_2');
  assert.equal((await recordingStats(dual.recordings[0])).requested, 1);
  const mono = await makeBusiness(1, { format: 'wav-dual' });
  await deck.press(mono.business, mono.calls[0]);
  await assertPlays(mono.business, mono.calls[0], mono.recordings[0], 'wav_1');
  assert.equal((await recordingStats(mono.recordings[0])).requested, 2, 'once for two channels, once for one');
  await assertCauses(mono.business, 'RECORDING_RETRY', []);
});

test('three refusals in a row pause the business, which says why; correct credentials resume it', async () => {
  const account = await sim.addAccount();
  const { business, recordings, calls } = await makeBusiness(9, { account: { sid: account.sid, token: 'mistyped' } });
  // Once the running server has noticed the change of this business, it uses the wrong credentials.
  await deck.command('business', 'set', business.id, '--limit', '2');
  await until('the business to be known', () => deck.queue(business), ({ limit }) => limit === 2);
  for (const sid of calls) await deck.press(business, sid);
  const { blocked } = await until('the stop', () => deck.queue(business), (queue) => queue.blocked !== null);
  assert.match(blocked.why, /refuses this business's credentials/);
  await until('its end', () => deck.queue(business), ({ active_count: active }) => active === 0);
  const asked = (await mediaRequests(account)).length;
  assert.ok(asked >= 3 && asked <= 4, `${asked} requests: three, and what was under way when the third failed`);
  await assertCauses(business, 'RECORDING_FAILED', Array(asked).fill('provider_unauthorized'));
  const pressed = await deck.press(business, calls[8]);
  assert.deepEqual([pressed.status, pressed.json.status], [202, 'queued']);
  const status = await deck.status(business, calls[8]);
  assert.equal(status.state, 'queued');
  assert.match(status.why, /refuses this business's credentials/);

  await deck.command('business', 'set', business.id, '--auth-token', account.token);
  await until('the start', () => deck.queue(business), (queue) => queue.blocked === null);
  for (const [i, sid] of calls.entries()) {
    if ((await deck.press(business, sid)).status === 424) await deck.post(business, sid, 'retry');
    await assertPlays(business, sid, recordings[i]);
  }
  await deck.untilLines(() => causesOf(business, 'RECORDING_FAILED').length >= asked);
  assert.equal(causesOf(business, 'RECORDING_FAILED').length, asked);
});

test('a recording that is not ready right after the webhook is requested again until it is', async () => {
  const { business, account } = await makeBusiness(1);
  const recording = await sim.addRecording({ account: account.sid, duration_s: 5 });
  await sim.addRule({ fault: 'not_ready', account: account.sid, times_per_recording: 2 });
  await sim.webhook({ recording: recording.sid, ...deck.webhookOf(business) });
  await deck.untilState(business, recording.call, 'stored');
  await assertPlays(business, recording.call, recording);
  await assertCauses(business, 'RECORDING_RETRY', ['provider_not_ready', 'provider_not_ready']);
  const times = (await mediaRequests(account)).map(({ t_ns: time }) => time / 1e9);
  assert.equal(times.length, 3);
  for (const i of [1, 2]) assert.ok(times[i] - times[i - 1] >= 0.99, 'a second at least between two questions');
});

test('a recording that the provider is still preparing waits, and says so', async () => {
  const { business, recordings: [recording], calls: [sid] } = await makeBusiness(1);
  await sim.changeRecording(recording.sid, { status: 'in-progress' });
  await deck.press(business, sid);
  const status = await deck.untilStatus(business, sid, ({ retry_at: at }) => at !== null);
  assert.equal(status.state, 'queued');
  assert.equal(status.cause.code, 'provider_not_ready');
  await sim.changeRecording(recording.sid, { status: 'completed' });
  await deck.post(business, sid, 'retry');
  await assertPlays(business, sid, recording);
});

test('404 for media and metadata means absent: 410', async () => {
  const { business, account } = await makeBusiness(1);
  const nobodys = { sid: makeSid('RE', 0xabcdef), call: makeSid('CA', 0xabcdef), account: account.sid };
  await deck.tell(business, nobodys);
  await deck.press(business, nobodys.call);
  await deck.untilState(business, nobodys.call, 'absent');
  assert.equal((await deck.press(business, nobodys.call)).status, 410);
});

// After a 429 the account, with all its businesses, sends no request within the pause; other accounts continue.
for (const [name, more] of [['Retry-After in seconds', { retry_after_s: 3 }], ['a date as Retry-After', { retry_after_s: 3, retry_after_format: 'date' }]]) {
  test(`429 with ${name} pauses the whole account and no other`, async () => {
    const first = await makeBusiness(2);
    const second = await makeBusiness(1, { account: first.account });
    const stranger = await makeBusiness(1);
    // One download runs while another is refused: its success must not end the pause.
    await sim.addRule({ fault: 'stall', after_bytes: 1000, for_ms: 600, recording: first.recordings[0].sid });
    await sim.addRule({ fault: 'status', status: 429, ...more, recording: first.recordings[1].sid, times: 1 });
    await deck.press(first.business, first.calls[0]);
    await sim.untilStats((stats) => stats.accounts[first.account.sid]?.current === 1);
    await deck.press(first.business, first.calls[1]);
    await deck.untilStatus(first.business, first.calls[1], ({ retry_at: at }) => at !== null);
    await deck.untilState(first.business, first.calls[0], 'stored');
    const pressed = await deck.press(second.business, second.calls[0]);
    assert.equal(pressed.status, 202);
    await assertPlays(stranger.business, stranger.calls[0], stranger.recordings[0]);
    await assertPlays(second.business, second.calls[0], second.recordings[0]);
    await assertPlays(first.business, first.calls[1], first.recordings[1]);
    const refusedAt = (await sim.log()).find(({ event, status, account }) => event === 'end' && status === 429 && account === first.account.sid).t_ns;
    const early = (await mediaRequests(first.account)).filter(({ t_ns: time }) => time > refusedAt && time < refusedAt + 1.9e9);
    assert.deepEqual(early.map(({ recording, t_ns: time }) => [recording, (time - refusedAt) / 1e9]), []);
    assert.ok((await mediaRequests(stranger.account))[0].t_ns < refusedAt + 2.5e9, 'the stranger did not wait');
    await assertCauses(first.business, 'BUSINESS_PAUSED', ['provider_rate_limited']);
  });
}

test('429 without Retry-After pauses the account for a second, and nothing is given up', async () => {
  const { business, account, recordings, calls } = await makeBusiness(4);
  await sim.addRule({ fault: 'status', status: 429, account: account.sid, times: 1 });
  for (const sid of calls) await deck.press(business, sid);
  for (const [i, sid] of calls.entries()) await assertPlays(business, sid, recordings[i]);
  await assertCauses(business, 'RECORDING_RETRY', ['provider_rate_limited']);
  const refusedAt = (await sim.log()).find(({ event, status, account: of }) => event === 'end' && status === 429 && of === account.sid).t_ns;
  // The two beside the refused one had begun already.
  const early = (await mediaRequests(account)).filter(({ t_ns: time }) => time > refusedAt && time < refusedAt + 0.95e9);
  assert.ok(early.length <= 2, `${early.length} requests in the second after the refusal`);
});

test('hanging or slow transfers end at the limits of a download', async () => {
  const kinds = [
    [{ fault: 'stall', after_bytes: 3000 }, 'nothing after 3,000 bytes'],
    [{ fault: 'drip', bytes_per_second: 300 }, '300 bytes a second'],
    [{ fault: 'latency', ms: 120_000 }, 'no answer'],
  ];
  const all = [];
  for (const [fault] of kinds) {
    const one = await makeBusiness(1);
    await sim.addRule({ ...fault, account: one.account.sid, times: 1 });
    await deck.press(one.business, one.calls[0]);
    all.push(one);
  }
  const { progress } = await deck.untilStatus(all[0].business, all[0].calls[0], (status) => status.progress?.bytes > 0);
  assert.equal(progress.bytes, 3000);
  assert.equal(progress.percent, Math.floor(300_000 / progress.total));
  assert.equal((await deck.press(all[0].business, all[0].calls[0])).json.status, 'processing');
  assert.equal((await deck.post(all[0].business, all[0].calls[0], 'cancel')).status, 409);
  await Promise.all(all.map(async ({ business, recordings: [recording], calls: [sid] }, i) => {
    const gaveUp = () => causesOf(business, 'RECORDING_RETRY');
    await until(kinds[i][1], gaveUp, (causes) => causes.length > 0, slowTransfersMs);
    assert.deepEqual(gaveUp(), ['provider_timed_out'], kinds[i][1]);
    await assertPlays(business, sid, recording);
  }));
});

test('an endless body costs no memory, and its slot is free when the server ends the transfer', async () => {
  const { business, account, calls: [sid] } = await makeBusiness(1);
  await sim.addRule({ fault: 'endless', account: account.sid });
  await deck.press(business, sid);
  await deck.untilStatus(business, sid, ({ state, progress }) => state !== 'processing' || progress?.bytes > endlessBytes);
  const memory = await readFile(`/proc/${deck.pid}/status`, 'utf8');
  const peakKib = Number(/VmHWM:\s+(\d+)/.exec(memory)[1]);
  assert.ok(peakKib < memoryMaxKib, `${peakKib} KiB at most so far`);
  await deck.untilState(business, sid, 'failed');
  assert.equal((await deck.press(business, sid)).json.cause.code, 'media_too_large');
  assert.equal((await deck.queue(business)).active_count, 0);
  const left = (await deck.blobFiles()).filter(({ path }) => path.startsWith('.tmp/') || path.startsWith(business.id));
  assert.deepEqual(left, []);
});
