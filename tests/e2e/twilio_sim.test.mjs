// The simulator of the provider, seen from outside: the API that it imitates. Its control interface, faults and webhooks have
// their own files.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sid, startSim } from './support/sim.mjs';
import { open } from './support/wire.mjs';

const mp3FrameBytes = 288;
const wavHeaderBytes = 44;

let folder;
let sim;
let account;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'twilio-sim-'));
  writeFileSync(path.join(folder, 'hello.mp3'), 'not really music');
  sim = await startSim({ data: folder });
});

after(async () => {
  await sim?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await sim.reset();
  account = await sim.addAccount({ business: 'acme' });
});

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function get(target, login = account) {
  return sim.request('GET', target, { account: login });
}

async function getJson(target, login = account) {
  const answer = await get(target, login);
  assert.equal(answer.status, 200, answer.body.toString());
  return JSON.parse(answer.body.toString());
}

// Follows next_page_uri from `target` to the end.
async function readPages(target) {
  const pages = [];
  for (let next = target; next !== null; ) {
    const page = await getJson(next);
    pages.push(page.recordings.map((recording) => recording.sid));
    next = page.next_page_uri;
  }
  return pages;
}

describe('media', () => {
  test('MP3 is a whole number of 32 kbit/s frames of the recording’s length', async () => {
    const recording = await sim.addRecording({ account: account.sid, duration_s: 3 });
    const answer = await get(sim.mediaPath(recording, '.mp3'));
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-type'], 'audio/mpeg');
    assert.equal(answer.body.length, Math.ceil((3 * 8000) / 576) * mp3FrameBytes);
    for (let at = 0; at < answer.body.length; at += mp3FrameBytes) {
      assert.equal(answer.body.toString('hex', at, at + 4), 'ffe348c0');
    }
  });

  test('WAV is PCM at 8 kHz with 16 bits, and its header has the true length', async () => {
    const recording = await sim.addRecording({ account: account.sid, duration_s: 2.5 });
    const { headers, body } = await get(sim.mediaPath(recording, '.wav'));
    assert.equal(headers['content-type'], 'audio/x-wav');
    assert.equal(body.toString('latin1', 0, 4) + body.toString('latin1', 8, 16), 'RIFFWAVEfmt ');
    assert.equal(body.readUInt32LE(4), body.length - 8);
    assert.equal(body.readUInt16LE(22), 1);
    assert.equal(body.readUInt32LE(24), 8000);
    assert.equal(body.readUInt32LE(40), 2.5 * 16000);
    assert.equal(body.length, wavHeaderBytes + 2.5 * 16000);
  });

  test('a path without extension answers WAV', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    const plain = await get(sim.mediaPath(recording, ''));
    const wav = await get(sim.mediaPath(recording, '.wav'));
    assert.equal(plain.headers['content-type'], 'audio/x-wav');
    assert.ok(plain.body.equals(wav.body));
  });

  test('the control interface knows length and SHA-256 of the media', async () => {
    const recording = await sim.addRecording({ account: account.sid, channels: 2 });
    const { media } = await sim.recording(recording.sid);
    for (const extension of ['mp3', 'wav']) {
      const { body } = await get(sim.mediaPath(recording, `.${extension}`));
      assert.deepEqual(media[`${extension}_2`], { bytes: body.length, sha256: sha256(body) });
    }
  });

  test('no two recordings sound the same, and the same seed makes the same ones', async () => {
    const again = await startSim();
    try {
      const other = await again.addAccount();
      const mine = await sim.addRecordings({ account: account.sid, count: 2 });
      const theirs = await again.addRecordings({ account: other.sid, count: 2 });
      const hash = async (where, recording) => (await where.recording(recording.sid)).media.mp3_1.sha256;
      assert.notEqual(await hash(sim, mine[0]), await hash(sim, mine[1]));
      assert.deepEqual(
        [await hash(sim, mine[0]), await hash(sim, mine[1])],
        [await hash(again, theirs[0]), await hash(again, theirs[1])],
      );
    } finally {
      await again.stop();
    }
  });

  test('RequestedChannels chooses mono or stereo', async () => {
    const recording = await sim.addRecording({ account: account.sid, channels: 2 });
    for (const [query, channels] of [['', 2], ['?RequestedChannels=1', 1], ['?RequestedChannels=2', 2]]) {
      const { body } = await get(sim.mediaPath(recording, '.wav') + query);
      assert.equal(body.readUInt16LE(22), channels);
    }
  });

  test('two channels of a mono recording are refused with 400', async () => {
    const recording = await sim.addRecording({ account: account.sid, channels: 1 });
    const answer = await get(`${sim.mediaPath(recording)}?RequestedChannels=2`);
    assert.equal(answer.status, 400);
    assert.equal(JSON.parse(answer.body).code, 16113);
  });

  test('HEAD answers the same header without a body', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    const got = await get(sim.mediaPath(recording));
    const head = await sim.request('HEAD', sim.mediaPath(recording), { account });
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], String(got.body.length));
  });

  test('a GET with a body is refused with 403', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    const answer = await sim.request('GET', sim.mediaPath(recording), { account, body: 'x' });
    assert.equal(answer.status, 403);
  });

  test('a file of the data folder is served as it is, and only in its own format', async () => {
    const recording = await sim.addRecording({ account: account.sid, files: { mp3: 'hello.mp3' } });
    assert.equal((await get(sim.mediaPath(recording))).body.toString(), 'not really music');
    assert.equal((await get(sim.mediaPath(recording, '.wav'))).status, 404);
  });

  test('a file outside the data folder is refused', async () => {
    for (const name of ['../secret', '/etc/hostname', 'a/../../b', 'missing.mp3']) {
      await assert.rejects(sim.addRecording({ account: account.sid, files: { mp3: name } }), /40[04]/, name);
    }
  });

  test('only completed recordings have media', async () => {
    for (const status of ['in-progress', 'processing', 'absent', 'deleted']) {
      const recording = await sim.addRecording({ account: account.sid, status });
      const answer = await get(sim.mediaPath(recording));
      assert.equal(answer.status, 404);
      assert.equal(JSON.parse(answer.body).code, 20404);
    }
  });

  test('one connection serves several requests, pipelined ones in order', async () => {
    const recordings = await sim.addRecordings({ account: account.sid, count: 2, duration_s: 1 });
    const login = Buffer.from(`${account.sid}:${account.token}`).toString('base64');
    const second = `GET ${sim.mediaPath(recordings[1])} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${login}\r\n\r\n`;
    const exchange = open(sim.url, sim.mediaPath(recordings[0]), { account });
    exchange.socket.once('connect', () => exchange.socket.write(second));
    const bytes = (await sim.recording(recordings[0].sid)).media.mp3_1.bytes;
    // After the first header come both bodies and the second header, which is as long as the first.
    await exchange.until(() => exchange.body.length === 2 * bytes + exchange.headerLength);
    exchange.close();
    const ends = (await sim.log()).filter((event) => event.event === 'end');
    assert.deepEqual(ends.map((event) => event.recording), recordings.map((recording) => recording.sid));
    assert.equal(ends[0].connection, ends[1].connection);
  });
});

describe('access', () => {
  test('missing or wrong credentials get 401 with code 20003', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    for (const login of [undefined, { ...account, token: 'wrong' }, { sid: sid('AC', 99), token: 'x' }]) {
      const answer = await sim.request('GET', sim.mediaPath(recording), { account: login });
      assert.equal(answer.status, 401);
      assert.match(answer.headers['www-authenticate'], /^Basic /);
      const { code, status, message, more_info } = JSON.parse(answer.body);
      assert.deepEqual([code, status, typeof message, typeof more_info], [20003, 401, 'string', 'string']);
    }
  });

  test('a parent account reads its sub-account, and not the other way round', async () => {
    const child = await sim.addAccount({ parent: account.sid });
    const own = await sim.addRecording({ account: account.sid });
    const childs = await sim.addRecording({ account: child.sid });
    assert.equal((await get(sim.mediaPath(childs), account)).status, 200);
    assert.equal((await get(sim.mediaPath(own), child)).status, 401);
  });

  test('an API key opens its own account only', async () => {
    const key = { sid: sid('SK', 1), token: 'key-secret' };
    const owner = await sim.addAccount({ keys: { [key.sid]: key.token } });
    const child = await sim.addAccount({ parent: owner.sid });
    const own = await sim.addRecording({ account: owner.sid });
    const childs = await sim.addRecording({ account: child.sid });
    assert.equal((await get(sim.mediaPath(own), key)).status, 200);
    assert.equal((await get(sim.mediaPath(own), { ...key, token: 'no' })).status, 401);
    assert.equal((await get(sim.mediaPath(childs), key)).status, 401);
  });

  test('a recording of another account is not found under one’s own', async () => {
    const other = await sim.addAccount();
    const theirs = await sim.addRecording({ account: other.sid });
    assert.equal((await get(sim.mediaPath({ ...theirs, account: account.sid }))).status, 404);
  });
});

describe('metadata', () => {
  test('a recording is described as Twilio does', async () => {
    const call = await sim.addCall({ account: account.sid, from: '+14155550100' });
    const recording = await sim.addRecording({
      account: account.sid, call: call.sid, duration_s: 41.2, channels: 2, created_at: '2026-11-23T12:00:00Z',
    });
    const found = await getJson(sim.mediaPath(recording, '.json'));
    assert.equal(found.sid, recording.sid);
    assert.equal(found.call_sid, call.sid);
    assert.equal(found.account_sid, account.sid);
    assert.equal(found.duration, '42');
    assert.equal(found.channels, 2);
    assert.equal(found.status, 'completed');
    assert.equal(found.date_created, 'Mon, 23 Nov 2026 12:00:00 +0000');
    assert.equal(found.uri, sim.mediaPath(recording, '.json'));
    assert.equal(found.media_url, sim.url + sim.mediaPath(recording, ''));
  });

  test('a recording that is not finished has the duration -1', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'processing' });
    assert.equal((await getJson(sim.mediaPath(recording, '.json'))).duration, '-1');
  });

  test('an absent recording has its error code', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'absent', error_code: 16101 });
    assert.equal((await getJson(sim.mediaPath(recording, '.json'))).error_code, 16101);
  });

  test('a call is described, with its numbers', async () => {
    const call = await sim.addCall({ account: account.sid, from: '+14155550100', to: '+14155550101', duration_s: 7 });
    const found = await getJson(`/2010-04-01/Accounts/${account.sid}/Calls/${call.sid}.json`);
    assert.deepEqual([found.from, found.to, found.duration], ['+14155550100', '+14155550101', '7']);
  });

  test('DELETE answers 204, then media and metadata are gone except with IncludeSoftDeleted', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    const json = sim.mediaPath(recording, '.json');
    assert.equal((await sim.request('DELETE', json, { account })).status, 204);
    assert.equal((await sim.request('DELETE', json, { account })).status, 404);
    assert.equal((await get(json)).status, 404);
    assert.equal((await get(sim.mediaPath(recording))).status, 404);
    assert.equal((await getJson(`${json}?IncludeSoftDeleted=true`)).status, 'deleted');
  });

  test('only a completed recording can be deleted', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'in-progress' });
    assert.equal((await sim.request('DELETE', sim.mediaPath(recording, '.json'), { account })).status, 409);
  });
});

describe('lists', () => {
  const list = () => `/2010-04-01/Accounts/${account.sid}/Recordings.json`;

  test('pages hold everything once, newest first, and the last page has no next', async () => {
    const added = await sim.addRecordings({ account: account.sid, count: 120, spacing_s: 60 });
    const pages = await readPages(list());
    assert.deepEqual(pages.map((page) => page.length), [50, 50, 20]);
    assert.deepEqual(pages.flat(), added.map((recording) => recording.sid).reverse());
  });

  test('next_page_uri is relative, and a recording added meanwhile shifts nothing', async () => {
    const added = await sim.addRecordings({ account: account.sid, count: 4, spacing_s: 60 });
    const first = await getJson(`${list()}?PageSize=2`);
    assert.ok(first.next_page_uri.startsWith('/2010-04-01/'));
    await sim.addRecording({ account: account.sid, created_at: '2036-01-01T00:00:00Z' });
    const second = await getJson(first.next_page_uri);
    assert.deepEqual(second.recordings.map((recording) => recording.sid), [added[1].sid, added[0].sid]);
  });

  test('a call’s list holds only its recordings', async () => {
    const call = await sim.addCall({ account: account.sid });
    const mine = await sim.addRecordings({ account: account.sid, call: call.sid, count: 2, spacing_s: 1 });
    await sim.addRecording({ account: account.sid });
    const expected = mine.map((recording) => recording.sid).reverse();
    const byPath = await getJson(`/2010-04-01/Accounts/${account.sid}/Calls/${call.sid}/Recordings.json`);
    const byQuery = await getJson(`${list()}?CallSid=${call.sid}`);
    assert.deepEqual(byPath.recordings.map((recording) => recording.sid), expected);
    assert.deepEqual(byQuery.recordings.map((recording) => recording.sid), expected);
  });

  test('DateCreated filters by day, from and until', async () => {
    const days = ['2026-11-21', '2026-11-22', '2026-11-23'];
    const sids = {};
    for (const day of days) {
      sids[day] = (await sim.addRecording({ account: account.sid, created_at: `${day}T10:00:00Z` })).sid;
    }
    const found = async (query) => (await readPages(`${list()}?PageSize=1&${query}`)).flat();
    assert.deepEqual(await found('DateCreated=2026-11-22'), [sids['2026-11-22']]);
    assert.deepEqual(await found('DateCreated%3E=2026-11-22'), [sids['2026-11-23'], sids['2026-11-22']]);
    assert.deepEqual(await found('DateCreated%3C=2026-11-22'), [sids['2026-11-21']]);
    assert.deepEqual(await found('DateCreated%3E=2026-11-22T10:00:01Z'), [sids['2026-11-23']]);
  });

  test('deleted recordings are listed only with IncludeSoftDeleted', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'deleted' });
    assert.deepEqual(await readPages(list()), [[]]);
    assert.deepEqual(await readPages(`${list()}?IncludeSoftDeleted=true`), [[recording.sid]]);
  });

  test('bad paging parameters are refused with 400', async () => {
    for (const query of ['PageSize=0', 'PageSize=1001', 'PageSize=x', 'PageToken=nonsense', 'DateCreated=yesterday']) {
      assert.equal((await get(`${list()}?${query}`)).status, 400, query);
    }
  });
});

describe('requests to unknown paths', () => {
  test('are answered with 404 in the provider’s words', async () => {
    for (const target of ['/', '/2010-04-01/Accounts', `/2010-04-01/Accounts/${account.sid}/Messages.json`]) {
      const answer = await get(target);
      assert.equal(answer.status, 404);
      assert.equal(JSON.parse(answer.body).code, 20404);
    }
  });

  test('a method that is not allowed gets 405', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    for (const method of ['PUT', 'POST']) {
      assert.equal((await sim.request(method, sim.mediaPath(recording), { account })).status, 405);
    }
  });

  test('a client can request that the connection closes after the answer', async () => {
    const exchange = open(sim.url, '/_sim/health', { headers: { Connection: 'close' } });
    await exchange.untilEnded();
    assert.deepEqual([exchange.header('Connection'), exchange.ended], ['close', 'fin']);
  });
});
