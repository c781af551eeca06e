// The provider's look-alike, seen from outside: its API, its control interface and its counts. Its faults have a file of
// their own, twilio_sim_faults.test.mjs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sid, simBinary, startSim } from './support/sim.mjs';
import { open } from './support/wire.mjs';

const mp3FrameBytes = 288;
const wavHeaderBytes = 44;

let folder;
let sim;
let account;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'twilio-sim-'));
  writeFileSync(path.join(folder, 'hello.mp3'), 'not really music');
  sim = await startSim({ data: folder, log: path.join(folder, 'log.jsonl') });
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

  test('WAV is PCM at 8 kHz with 16 bits, and its header tells the true length', async () => {
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

  test('no two recordings sound the same, and the same seed makes the same ones again', async () => {
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
    // Behind the first header come both bodies and the second header, which is as long as the first.
    await exchange.until(() => exchange.body.length === 2 * bytes + exchange.headerLength);
    exchange.close();
    const ends = (await sim.log()).filter((event) => event.event === 'end');
    assert.deepEqual(ends.map((event) => event.recording), recordings.map((recording) => recording.sid));
    assert.equal(ends[0].connection, ends[1].connection);
  });
});

describe('who may read', () => {
  test('without or with wrong credentials the answer is 401 with code 20003', async () => {
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

  test('an absent recording tells its error code', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'absent', error_code: 16101 });
    assert.equal((await getJson(sim.mediaPath(recording, '.json'))).error_code, 16101);
  });

  test('a call is described, with its numbers', async () => {
    const call = await sim.addCall({ account: account.sid, from: '+14155550100', to: '+14155550101', duration_s: 7 });
    const found = await getJson(`/2010-04-01/Accounts/${account.sid}/Calls/${call.sid}.json`);
    assert.deepEqual([found.from, found.to, found.duration], ['+14155550100', '+14155550101', '7']);
  });

  test('DELETE answers 204, then media and metadata are gone but for IncludeSoftDeleted', async () => {
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

  test('pages hold everything once, newest first, and the last one has no next', async () => {
    const added = await sim.addRecordings({ account: account.sid, count: 120, spacing_s: 60 });
    const pages = await readPages(list());
    assert.deepEqual(pages.map((page) => page.length), [50, 50, 20]);
    assert.deepEqual(pages.flat(), added.map((recording) => recording.sid).reverse());
  });

  test('next_page_uri is relative, and a recording that is added meanwhile shifts nothing', async () => {
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

describe('counts', () => {
  test('the greatest number of downloads at once is kept per account and per business', async () => {
    const other = await sim.addAccount();
    await sim.addRule({ fault: 'stall', after_bytes: 100 });
    const mine = await sim.addRecordings({ account: account.sid, count: 5 });
    const theirs = await sim.addRecordings({ account: other.sid, business: 'beta', count: 2 });
    const downloads = [
      ...mine.map((recording) => open(sim.url, sim.mediaPath(recording), { account })),
      ...theirs.map((recording) => open(sim.url, sim.mediaPath(recording), { account: other })),
    ];
    await Promise.all(downloads.map((download) => download.untilBody(100)));
    const during = await sim.stats();
    assert.equal(during.accounts[account.sid].current, 5);
    assert.equal(during.businesses.beta.current, 2);
    assert.equal(during.downloads.greatest, 7);

    for (const download of downloads) download.close();
    const later = await sim.untilStats((stats) => stats.downloads.current === 0);
    assert.deepEqual(later.accounts[account.sid], { current: 0, greatest: 5, started: 5, completed: 0 });
    assert.deepEqual(later.businesses.acme, { current: 0, greatest: 5, started: 5, completed: 0 });
    assert.deepEqual(later.businesses.beta, { current: 0, greatest: 2, started: 2, completed: 0 });
  });

  test('downloads one after the other never count as two', async () => {
    for (const recording of await sim.addRecordings({ account: account.sid, count: 20 })) {
      await get(sim.mediaPath(recording));
    }
    assert.equal((await sim.stats()).accounts[account.sid].greatest, 1);
  });

  test('each recording counts its requests, complete fetches and bytes', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    await sim.addRule({ fault: 'status', status: 503, times: 1 });
    await get(sim.mediaPath(recording));
    const { body } = await get(sim.mediaPath(recording));
    await sim.request('HEAD', sim.mediaPath(recording), { account });
    const stats = await sim.stats();
    const counts = stats.recordings[recording.sid];
    assert.equal(counts.requested, 2);
    assert.equal(counts.completed, 1);
    assert.ok(counts.bytes > body.length);
    assert.deepEqual(stats.media_by_status, { 200: 2, 503: 1 });
  });

  test('resetting the counts keeps the recordings', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    await get(sim.mediaPath(recording));
    await sim.resetStats();
    assert.deepEqual((await sim.stats()).recordings, {});
    assert.equal((await get(sim.mediaPath(recording))).status, 200);
  });

  test('an account beyond its number of downloads at once gets 429', async () => {
    await sim.settings({ most_downloads_per_account: 2 });
    const recordings = await sim.addRecordings({ account: account.sid, count: 3 });
    await sim.addRule({ fault: 'stall', after_bytes: 10 });
    const running = recordings.slice(0, 2).map((one) => open(sim.url, sim.mediaPath(one), { account }));
    await Promise.all(running.map((download) => download.untilBody(10)));
    await sim.clearRules();
    const third = await get(sim.mediaPath(recordings[2]));
    assert.equal(third.status, 429);
    assert.equal(JSON.parse(third.body).code, 20429);
    for (const download of running) download.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
    assert.equal((await get(sim.mediaPath(recordings[2]))).status, 200);
  });
});

describe('the log', () => {
  test('tells of every step of a request, in order, in memory and in the file', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    const exchange = open(sim.url, sim.mediaPath(recording), { account, headers: { Connection: 'close' } });
    await exchange.untilEnded();
    const all = await sim.log();
    const { connection } = all.find((event) => event.event === 'request');
    const events = all.filter((event) => event.connection === connection);
    assert.deepEqual(events.map((event) => event.event), ['accept', 'request', 'first_byte', 'end', 'close']);
    const [, request, , end] = events;
    assert.equal(request.user, account.sid);
    assert.equal(request.authorization, true);
    assert.equal(request.recording, recording.sid);
    assert.equal(request.business, 'acme');
    assert.equal(end.bytes, exchange.body.length);
    assert.deepEqual([end.status, end.cause, end.complete], [200, 'complete', true]);
    for (let i = 1; i < events.length; ++i) assert.ok(events[i].t_ns >= events[i - 1].t_ns);

    const lines = readFileSync(path.join(folder, 'log.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const written = lines.filter((event) => event.n >= events[0].n && event.connection === connection);
    assert.deepEqual(written, events);
  });

  test('a client that goes away while nothing is sent is noticed', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    await sim.addRule({ fault: 'latency', ms: 3_600_000 });
    const exchange = open(sim.url, sim.mediaPath(recording), { account });
    await sim.untilStats((stats) => stats.downloads.current === 1);
    exchange.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
    const end = (await sim.log()).find((event) => event.event === 'end');
    assert.deepEqual([end.cause, end.bytes], ['client_closed', 0]);
  });

  test('since gives only later events', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    await get(sim.mediaPath(recording));
    const all = await sim.log();
    assert.deepEqual((await sim.log(all[2].n))[0], all[2]);
  });
});

describe('the control interface', () => {
  test('a misspelt member is refused by name', async () => {
    await assert.rejects(sim.addRule({ fault: 'drip', bytes_per_secnd: 5 }), /400.*bytes_per_secnd/);
    await assert.rejects(sim.addRecording({ account: account.sid, durations: 5 }), /400.*durations/);
    await assert.rejects(sim.settings({ speed: 5 }), /400.*speed/);
  });

  test('bad values are refused with what was expected', async () => {
    const bad = [
      ['accounts', { sid: 'AC1', token: 't' }, /32 hexadecimal/],
      ['accounts', { sid: sid('AC', 7) }, /token/],
      ['recordings', { account: sid('AC', 77) }, /unknown/],
      ['recordings', { account: account.sid, channels: 3 }, /1 to 2/],
      ['recordings', { account: account.sid, status: 'fine' }, /in-progress/],
      ['recordings', { account: account.sid, created_at: 'now' }, /2026-11-23/],
      ['rules', { fault: 'gremlins' }, /not_ready/],
      ['rules', { fault: 'drip', probability: 2 }, /0 to 1/],
      ['rules', { fault: 'drip', times: 0 }, /from 1/],
      ['nonsense', {}, /404/],
    ];
    for (const [what, body, problem] of bad) {
      await assert.rejects(sim.control('POST', what, body), problem, JSON.stringify([what, body]));
    }
    const broken = await sim.request('POST', '/_sim/accounts', { body: '{' });
    assert.equal(broken.status, 400);
  });

  test('a SID is given once only', async () => {
    await sim.addRecording({ account: account.sid, sid: sid('RE', 5) });
    await assert.rejects(sim.addRecording({ account: account.sid, sid: sid('RE', 5) }), /409/);
  });

  test('load adds a whole stage at once', async () => {
    await sim.reset();
    await sim.load({
      accounts: [{ sid: sid('AC', 1), token: 't' }],
      calls: [{ sid: sid('CA', 1), account: sid('AC', 1) }],
      recordings: [{ sid: sid('RE', 1), call: sid('CA', 1), account: sid('AC', 1) }],
      rules: [{ fault: 'status', status: 418 }],
      settings: { bytes_per_second: 1_000_000 },
    });
    const login = { sid: sid('AC', 1), token: 't' };
    assert.equal((await get(sim.mediaPath({ account: login.sid, sid: sid('RE', 1) }), login)).status, 418);
  });

  test('a state can be changed, and a rule taken back', async () => {
    const recording = await sim.addRecording({ account: account.sid, status: 'processing' });
    await sim.changeRecording(recording.sid, { status: 'completed' });
    const rule = await sim.addRule({ fault: 'status', status: 503 });
    assert.equal((await get(sim.mediaPath(recording))).status, 503);
    assert.equal((await sim.control('GET', 'rules')).rules[0].hits, 1);
    await sim.removeRule(rule);
    assert.equal((await get(sim.mediaPath(recording))).status, 200);
    await assert.rejects(sim.removeRule(rule), /404/);
  });

  test('100,000 recordings are added in one request and listed', async () => {
    await sim.addRecordings({ account: account.sid, count: 100_000, spacing_s: 1 });
    const page = await getJson(`/2010-04-01/Accounts/${account.sid}/Recordings.json?PageSize=1000&Page=99`);
    assert.equal(page.recordings.length, 1000);
    assert.equal(page.next_page_uri, null);
  });

  test('a broken request is answered with 400 and ends only its own connection', async () => {
    const exchange = open(sim.url, '/ HTTP/9.9 what', {});
    await exchange.untilEnded();
    assert.equal(exchange.status, 400);
    assert.equal((await sim.control('GET', 'health')).status, 'ok');
  });
});

describe('the command', () => {
  // Runs it to its end; returns the exit code and what it printed.
  async function run(args, options = {}) {
    const child = spawn(simBinary(), args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (data) => output.push(data));
    child.stderr.on('data', (data) => output.push(data));
    const closed = once(child, 'close');
    await options.while?.(child);
    const [code] = await closed;
    return { code, text: Buffer.concat(output).toString() };
  }

  test('--help explains the options and ends with 0', async () => {
    const { code, text } = await run(['--help']);
    assert.equal(code, 0);
    for (const option of ['--listen', '--data', '--seed', '--log', '--load', '--ready-file']) {
      assert.match(text, new RegExp(option));
    }
  });

  test('bad options end with 2 and say what is wrong', async () => {
    const cases = [
      [['--listen', 'nowhere'], /127\.0\.0\.1:4010/],
      [['--listen', '127.0.0.1:70000'], /expected an address/],
      [['--listen', `127.0.0.1:${sim.port}`], /cannot listen/],
      [['--data', path.join(folder, 'missing')], /--data/],
      [['--log', path.join(folder, 'missing/log')], /cannot be opened/],
      [['--frobnicate'], /frobnicate/],
    ];
    for (const [args, problem] of cases) {
      const { code, text } = await run(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(text, problem);
    }
  });

  test('--load begins with what a file holds, and a bad file ends with 2', async () => {
    const stage = path.join(folder, 'stage.json');
    writeFileSync(stage, JSON.stringify({ accounts: [{ sid: sid('AC', 1), token: 't' }], recordings: [
      { sid: sid('RE', 1), account: sid('AC', 1) },
    ] }));
    const other = await startSim({ load: stage });
    try {
      assert.equal((await other.recording(sid('RE', 1))).status, 'completed');
    } finally {
      await other.stop();
    }
    writeFileSync(stage, '{"accounts":[{"sid":"bad"}]}');
    const { code, text } = await run(['--listen', '127.0.0.1:0', '--load', stage]);
    assert.equal(code, 2);
    assert.match(text, /accounts\[0\]/);
  });

  test('the ready file holds the address that is printed', async () => {
    const file = path.join(folder, 'ready');
    const args = ['--listen', '127.0.0.1:0', '--ready-file', file, '--exit-on-stdin-eof'];
    let announced;
    const { code, text } = await run(args, {
      while: async (child) => {
        await once(child.stdout, 'data');
        for (;;) {
          try {
            announced = readFileSync(file, 'utf8').trim();
            break;
          } catch (error) {
            assert.equal(error.code, 'ENOENT');
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        child.stdin.end();
      },
    });
    assert.equal(code, 0);
    assert.equal(text.trim(), `twilio-sim ready on ${announced}`);
  });

  test('it ends cleanly on SIGTERM while downloads run', async () => {
    const other = await startSim();
    const login = await other.addAccount();
    const recording = await other.addRecording({ account: login.sid });
    await other.addRule({ fault: 'stall', after_bytes: 1 });
    const exchange = open(other.url, other.mediaPath(recording), { account: login });
    await exchange.untilBody(1);
    assert.deepEqual(await other.stop(), { code: 0, signal: null });
    await exchange.untilEnded();
  });
});

describe('requests to unknown places', () => {
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

  test('a client that asks for it gets a closed connection after its answer', async () => {
    const exchange = open(sim.url, '/_sim/health', { headers: { Connection: 'close' } });
    await exchange.untilEnded();
    assert.deepEqual([exchange.header('Connection'), exchange.ended], ['close', 'fin']);
  });
});
