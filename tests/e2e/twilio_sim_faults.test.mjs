// Every fault of the simulator, as bytes on the connection.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createGunzip, gunzipSync } from 'node:zlib';

import { startSim } from './support/sim.mjs';
import { open, unchunk } from './support/wire.mjs';

let sim;
let account;
let recording;
let media;

before(async () => {
  sim = await startSim({ seed: 7 });
});

after(async () => {
  await sim?.stop();
});

beforeEach(async () => {
  await sim.reset();
  account = await sim.addAccount();
  recording = await sim.addRecording({ account: account.sid, duration_s: 5, channels: 2 });
  media = (await sim.request('GET', sim.mediaPath(recording), { account })).body;
  await sim.resetStats();
});

function get(target = sim.mediaPath(recording)) {
  return sim.request('GET', target, { account });
}

function raw(target = sim.mediaPath(recording), options = {}) {
  return open(sim.url, target, { account, ...options });
}

// The statuses of `count` requests for the recording.
async function statuses(count, one = recording) {
  const seen = [];
  for (let i = 0; i < count; ++i) seen.push((await get(sim.mediaPath(one))).status);
  return seen;
}

async function lastEnd() {
  return (await sim.log()).filter((event) => event.event === 'end').at(-1);
}

describe('the requests that a rule applies to', () => {
  test('a rule applies to the first n of all', async () => {
    await sim.addRule({ fault: 'status', status: 503, times: 2 });
    assert.deepEqual(await statuses(4), [503, 503, 200, 200]);
  });

  test('a rule applies to the first n of each recording', async () => {
    const other = await sim.addRecording({ account: account.sid });
    await sim.addRule({ fault: 'status', status: 503, times_per_recording: 1 });
    assert.deepEqual(await statuses(2), [503, 200]);
    assert.deepEqual(await statuses(2, other), [503, 200]);
  });

  test('a rule applies only to its recording, account, business, call, format and resource', async () => {
    const other = await sim.addRecording({ account: account.sid, business: 'beta' });
    const elsewhere = await sim.addAccount();
    const rules = [
      { recording: other.sid },
      { call: other.call },
      { business: 'beta' },
      { account: elsewhere.sid },
      { media_format: 'wav' },
      { resource: 'metadata' },
    ];
    for (const rule of rules) await sim.addRule({ fault: 'status', status: 503, ...rule });
    assert.equal((await get()).status, 200);
    assert.equal((await get(sim.mediaPath(other))).status, 503);
    assert.equal((await get(sim.mediaPath(recording, '.wav'))).status, 503);
    assert.equal((await get(sim.mediaPath(recording, '.json'))).status, 503);
    const hits = (await sim.control('GET', 'rules')).rules.map((rule) => rule.hits);
    assert.deepEqual(hits, [1, 0, 0, 0, 1, 1]);
  });

  test('a rule applies to a random share, the same for the same seed', async () => {
    const draw = async (where, login) => {
      const [one] = await where.addRecordings({ account: login.sid, duration_s: 1 });
      await where.addRule({ fault: 'status', status: 503, probability: 0.3 });
      const seen = [];
      for (let i = 0; i < 200; ++i) {
        seen.push((await where.request('GET', where.mediaPath(one), { account: login })).status);
      }
      return seen;
    };
    await sim.reset();
    const first = await draw(sim, await sim.addAccount());
    const again = await startSim({ seed: 7 });
    const other = await startSim({ seed: 8 });
    try {
      assert.deepEqual(await draw(again, await again.addAccount()), first);
      assert.notDeepEqual(await draw(other, await other.addAccount()), first);
    } finally {
      await again.stop();
      await other.stop();
    }
    const share = first.filter((status) => status === 503).length / first.length;
    assert.ok(share > 0.2 && share < 0.4, `${share} of the requests`);
  });

  test('rules that shape the transfer combine, and the first rule that decides the answer wins', async () => {
    await sim.addRule({ fault: 'latency', ms: 20 });
    await sim.addRule({ fault: 'no_length' });
    await sim.addRule({ fault: 'status', status: 503 });
    await sim.addRule({ fault: 'status', status: 429 });
    const answer = await get();
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['transfer-encoding'], 'chunked');
    assert.deepEqual((await lastEnd()).faults, ['latency', 'no_length', 'status']);
  });

  test('no rule applies to requests with wrong credentials', async () => {
    await sim.addRule({ fault: 'status', status: 503 });
    const answer = await sim.request('GET', sim.mediaPath(recording), { account: { ...account, token: 'x' } });
    assert.equal(answer.status, 401);
  });
});

describe('answers', () => {
  test('not_ready is 404 n times, and the metadata says processing meanwhile', async () => {
    await sim.addRule({ fault: 'not_ready', times_per_recording: 2 });
    const status = async () => JSON.parse((await get(sim.mediaPath(recording, '.json'))).body).status;
    assert.equal(await status(), 'processing');
    const answer = await get();
    assert.deepEqual([answer.status, JSON.parse(answer.body).code], [404, 20404]);
    assert.deepEqual(await statuses(2), [404, 200]);
    assert.equal(await status(), 'completed');
  });

  test('no_dual_channel refuses two channels only', async () => {
    await sim.addRule({ fault: 'no_dual_channel' });
    assert.equal((await get(`${sim.mediaPath(recording)}?RequestedChannels=2`)).status, 400);
    assert.equal((await get(`${sim.mediaPath(recording)}?RequestedChannels=1`)).status, 200);
    assert.equal((await get()).status, 200);
  });

  for (const [status, code] of [[401, 20003], [403, 20403], [404, 20404], [410, 20410], [429, 20429], [500, 20500],
                                [502, 20500], [503, 20503]]) {
    test(`status ${status} comes with Twilio’s error document`, async () => {
      await sim.addRule({ fault: 'status', status });
      const answer = await get();
      assert.equal(answer.status, status);
      const document = JSON.parse(answer.body);
      assert.deepEqual([document.code, document.status], [code, status]);
      assert.equal(answer.headers['retry-after'], undefined);
    });
  }

  test('Retry-After comes in seconds or as a date', async () => {
    const rule = await sim.addRule({ fault: 'status', status: 429, retry_after_s: 7 });
    assert.equal((await get()).headers['retry-after'], '7');
    await sim.removeRule(rule);
    await sim.addRule({ fault: 'status', status: 429, retry_after_s: 3600, retry_after_format: 'date' });
    const { headers } = await get();
    const seconds = (Date.parse(headers['retry-after']) - Date.parse(headers.date)) / 1000;
    assert.ok(Math.abs(seconds - 3600) <= 1, headers['retry-after']);
  });

  test('redirect leads to another host, which refuses and counts credentials', async () => {
    await sim.addRule({ fault: 'redirect' });
    const answer = await get();
    assert.equal(answer.status, 302);
    const location = new URL(answer.headers.location);
    assert.equal(location.host, `localhost:${sim.port}`);
    assert.equal((await sim.request('GET', location.pathname, { account })).status, 400);
    assert.equal((await sim.stats()).cdn_with_authorization, 1);
    const followed = await sim.request('GET', location.pathname);
    assert.ok(followed.body.equals(media));
    assert.equal((await sim.stats()).recordings[recording.sid].completed, 1);
  });

  test('redirect leads to the target of the rule', async () => {
    await sim.addRule({ fault: 'redirect', status: 307, location: 'http://169.254.0.1/{account}/{recording}.{format}' });
    const answer = await get();
    assert.equal(answer.status, 307);
    assert.equal(answer.headers.location, `http://169.254.0.1/${account.sid}/${recording.sid}.mp3`);
  });

  test('redirect_loop leads back to its own URL', async () => {
    await sim.addRule({ fault: 'redirect_loop' });
    assert.equal((await get()).headers.location, sim.url + sim.mediaPath(recording));
  });

  for (const [format, type, start] of [['xml', 'application/xml', '<?xml'], ['json', 'application/json', '{'],
                                       ['html', 'text/html', '<!DOCTYPE']]) {
    test(`error_body is an error in ${format} with status 200`, async () => {
      await sim.addRule({ fault: 'error_body', format });
      const answer = await get();
      assert.deepEqual([answer.status, answer.headers['content-type']], [200, type]);
      assert.ok(answer.body.toString().startsWith(start));
      assert.equal((await sim.stats()).recordings[recording.sid].completed, 0);
    });
  }

  test('error_body can pretend to be audio', async () => {
    await sim.addRule({ fault: 'error_body', pretends_audio: true });
    assert.equal((await get()).headers['content-type'], 'audio/mpeg');
  });

  test('zero_bytes is an empty audio file', async () => {
    await sim.addRule({ fault: 'zero_bytes' });
    const answer = await get();
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.body.length], [200, 'audio/mpeg', 0]);
    assert.equal(answer.headers['content-length'], '0');
  });

  test('gzip packs the audio', async () => {
    await sim.addRule({ fault: 'gzip' });
    const answer = await get();
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.ok(gunzipSync(answer.body).equals(media));
  });

  test('gzip_bomb unpacks to far more than its size', async () => {
    const bytes = 64 * 2 ** 20;
    await sim.addRule({ fault: 'gzip_bomb', bytes });
    const { body } = await get();
    assert.ok(body.length < bytes / 500, `${body.length} bytes`);
    // Its checksum is wrong on purpose, so the error comes after the zeros.
    const unpacked = await new Promise((resolve) => {
      let total = 0;
      const gunzip = createGunzip();
      gunzip.on('data', (data) => (total += data.length));
      gunzip.on('error', () => resolve(total));
      gunzip.on('end', () => resolve(total));
      gunzip.end(body);
    });
    // The last piece may be lost to that error.
    assert.ok(unpacked > bytes - 2 ** 20 && unpacked <= bytes, `${unpacked} bytes`);
  });

  test('endless continues beyond the recording until the client disconnects', async () => {
    await sim.addRule({ fault: 'endless', framing: 'close' });
    const exchange = raw();
    await exchange.untilBody(3 * media.length);
    assert.ok(exchange.body.subarray(media.length, 2 * media.length).equals(media));
    exchange.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
    const end = await lastEnd();
    assert.deepEqual([end.cause, end.complete], ['client_closed', false]);
  });

  test('raw sends any bytes in place of an answer', async () => {
    await sim.addRule({ fault: 'raw', text: 'HTTP/1.1 abc\r\n\r\n' });
    const exchange = await raw().untilEnded();
    assert.equal(exchange.received.toString(), 'HTTP/1.1 abc\r\n\r\n');
  });
});

describe('transfers', () => {
  test('latency delays the header', async () => {
    await sim.addRule({ fault: 'latency', ms: 150 });
    await get();
    const events = (await sim.log()).slice(-10);
    const request = events.findLast((event) => event.event === 'request');
    const first = events.findLast((event) => event.event === 'first_byte');
    assert.ok(first.t_ns - request.t_ns >= 150e6);
  });

  test('drip sends at a rate of bytes per second', async () => {
    const bytes_per_second = media.length * 4;
    await sim.addRule({ fault: 'drip', bytes_per_second });
    assert.ok((await get()).body.equals(media));
    const events = (await sim.log()).slice(-10);
    const first = events.findLast((event) => event.event === 'first_byte');
    const end = events.findLast((event) => event.event === 'end');
    const seconds = (end.t_ns - first.t_ns) / 1e9;
    // A tenth of a second’s bytes at a time: 0.4, 0.4 and 0.2 of the whole, so two waits.
    assert.ok(seconds >= 0.19 && seconds < 5, `${seconds} s`);
  });

  test('the setting bytes_per_second slows every connection', async () => {
    await sim.settings({ bytes_per_second: media.length * 4 });
    await get();
    const events = (await sim.log()).slice(-10);
    const first = events.findLast((event) => event.event === 'first_byte');
    const end = events.findLast((event) => event.event === 'end');
    assert.ok(end.t_ns - first.t_ns >= 0.19e9);
  });

  test('stall stops after n bytes and holds the connection', async () => {
    await sim.addRule({ fault: 'stall', after_bytes: 1000 });
    const exchange = raw();
    await exchange.untilBody(1000);
    // Other requests are served meanwhile. Without the stall, the rest would have come before them.
    await sim.addRule({ fault: 'latency', ms: 100, resource: 'metadata' });
    await get(sim.mediaPath(recording, '.json'));
    assert.deepEqual([exchange.body.length, exchange.ended], [1000, undefined]);
    assert.equal((await sim.stats()).downloads.current, 1);
    exchange.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
    assert.equal((await lastEnd()).bytes, 1000);
  });

  test('stall can end, and the rest follows', async () => {
    await sim.addRule({ fault: 'stall', after_bytes: 1000, for_ms: 100 });
    assert.ok((await get()).body.equals(media));
    assert.equal((await lastEnd()).complete, true);
  });

  test('stall before the first byte of the body still sends the header', async () => {
    await sim.addRule({ fault: 'stall', after_bytes: 0 });
    const exchange = raw();
    await exchange.until(() => exchange.headerLength !== undefined);
    assert.deepEqual([exchange.status, exchange.body.length], [200, 0]);
    exchange.close();
  });

  test('close ends after n bytes with FIN, though more was announced', async () => {
    await sim.addRule({ fault: 'close', after_bytes: 1000 });
    const exchange = await raw().untilEnded();
    assert.equal(exchange.ended, 'fin');
    assert.equal(exchange.body.length, 1000);
    assert.equal(Number(exchange.header('Content-Length')), media.length);
    const end = await lastEnd();
    assert.deepEqual([end.cause, end.bytes, end.complete], ['fault', 1000, false]);
  });

  test('close can be a reset', async () => {
    // With a pause before it, because Node takes a reset together with data for an ordinary end.
    await sim.addRule({ fault: 'stall', after_bytes: 1000, for_ms: 100 });
    await sim.addRule({ fault: 'close', after_bytes: 1000, how: 'rst' });
    const exchange = await raw().untilEnded();
    assert.equal(exchange.ended, 'ECONNRESET');
  });

  test('close can come before any header', async () => {
    await sim.addRule({ fault: 'close', before_header: true });
    const exchange = await raw().untilEnded();
    assert.deepEqual([exchange.ended, exchange.received.length], ['fin', 0]);
  });

  for (const difference of [500, -500]) {
    test(`wrong_length announces ${difference} bytes more than it sends`, async () => {
      await sim.addRule({ fault: 'wrong_length', difference });
      const exchange = await raw().untilEnded();
      assert.equal(Number(exchange.header('Content-Length')), media.length + difference);
      assert.equal(exchange.body.length, media.length);
      assert.equal((await sim.stats()).recordings[recording.sid].completed, 0);
    });
  }

  test('no_length in chunks is whole', async () => {
    await sim.addRule({ fault: 'no_length' });
    const exchange = raw(undefined, { headers: { Connection: 'close' } });
    await exchange.untilEnded();
    assert.equal(exchange.header('Content-Length'), undefined);
    const { data, isWhole } = unchunk(exchange.body);
    assert.ok(isWhole && data.equals(media));
    assert.equal((await sim.stats()).recordings[recording.sid].completed, 1);
  });

  test('no_length until the connection closes is whole', async () => {
    await sim.addRule({ fault: 'no_length', framing: 'close' });
    const exchange = await raw().untilEnded();
    assert.equal(exchange.header('Content-Length'), undefined);
    assert.equal(exchange.header('Transfer-Encoding'), undefined);
    assert.ok(exchange.body.equals(media));
    assert.equal((await sim.stats()).recordings[recording.sid].completed, 1);
  });

  for (const after_bytes of [undefined, 1000]) {
    test(`cut_chunked after ${after_bytes ?? 'all'} bytes lacks the last chunk`, async () => {
      await sim.addRule({ fault: 'cut_chunked', after_bytes });
      const exchange = await raw().untilEnded();
      const { data, isWhole } = unchunk(exchange.body);
      assert.equal(isWhole, false);
      assert.ok(data.equals(media.subarray(0, after_bytes ?? media.length)));
      assert.equal((await sim.stats()).recordings[recording.sid].completed, 0);
    });
  }

  test('a thousand slow downloads run at once, and each end is noticed', async () => {
    await sim.addRule({ fault: 'drip', bytes_per_second: 100 });
    const exchanges = Array.from({ length: 1000 }, () => raw());
    await Promise.all(exchanges.map((exchange) => exchange.untilBody(10)));
    assert.equal((await sim.stats()).accounts[account.sid].greatest, 1000);
    for (const exchange of exchanges) exchange.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
  });
});
