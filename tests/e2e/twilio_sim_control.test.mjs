// The control interface of the simulator: counts, log, staging and the command itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sid, simBinary, startSim } from './support/sim.mjs';
import { open } from './support/wire.mjs';

let folder;
let sim;
let account;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'twilio-sim-'));
  sim = await startSim({ log: path.join(folder, 'log.jsonl') });
});

after(async () => {
  await sim?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await sim.reset();
  account = await sim.addAccount({ business: 'acme' });
});

function get(target, login = account) {
  return sim.request('GET', target, { account: login });
}

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

  test('consecutive downloads never count as two at once', async () => {
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

  test('an account above its number of downloads at once gets 429', async () => {
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

test('a page of a list has at most as many rows as the setting allows', async () => {
  await sim.reset();
  const account = await sim.addAccount();
  await sim.addRecordings({ account: account.sid, count: 5 });
  await sim.settings({ most_per_page: 2 });
  const page = async (path) => JSON.parse((await sim.request('GET', path, { account })).body);
  const first = await page(`/2010-04-01/Accounts/${account.sid}/Recordings.json?PageSize=1000`);
  assert.equal(first.recordings.length, 2);
  const second = await page(first.next_page_uri);
  assert.equal(second.recordings.length, 2);
  assert.equal((await page(second.next_page_uri)).next_page_uri, null);
  await sim.settings({ most_per_page: null });
  assert.equal((await page(`/2010-04-01/Accounts/${account.sid}/Recordings.json?PageSize=1000`)).recordings.length, 5);
});

describe('the log', () => {
  test('has every step of a request, in order, in memory and in the file', async () => {
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

  test('notices a client that disconnects while nothing is sent', async () => {
    const recording = await sim.addRecording({ account: account.sid });
    await sim.addRule({ fault: 'latency', ms: 3_600_000 });
    const exchange = open(sim.url, sim.mediaPath(recording), { account });
    await sim.untilStats((stats) => stats.downloads.current === 1);
    exchange.close();
    await sim.untilStats((stats) => stats.downloads.current === 0);
    const end = (await sim.log()).find((event) => event.event === 'end');
    assert.deepEqual([end.cause, end.bytes], ['client_closed', 0]);
  });

  test('since selects only later events', async () => {
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

  test('a SID is used only once', async () => {
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

  test('a state can be changed, and a rule removed', async () => {
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
    const answer = await get(`/2010-04-01/Accounts/${account.sid}/Recordings.json?PageSize=1000&Page=99`);
    const page = JSON.parse(answer.body.toString());
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
  // Runs it to its end; returns the exit code and the output.
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

  test('--load starts with the content of a file, and a bad file ends with 2', async () => {
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

  test('the ready file holds the printed address', async () => {
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
