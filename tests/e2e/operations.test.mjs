// The operator's view: commands and their exit codes, wrong settings, metrics, readiness, logs, a second server, a stop during
// downloads, and a full disk.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';

import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

const noFileSizeMax = 'unlimited';

let sim;
let deck;
let businesses = 0;

before(async () => {
  sim = await startSim();
});

after(async () => {
  await sim?.stop();
});

beforeEach(async () => {
  await sim.clearRules();
  deck = await makeTapedeck({ sim });
});

async function finish() {
  await deck.destroy();
}

async function makeBusiness(count, recording = {}) {
  const account = await sim.addAccount();
  const business = await deck.addBusiness(`business-${++businesses}`, account);
  const recordings = await sim.addRecordings({ account: account.sid, count, duration_s: 5, ...recording });
  if (deck.url) for (const one of recordings) await deck.tell(business, one);
  return { business, account, recordings, calls: recordings.map(({ call }) => call) };
}

// Runs a body with its own server.
function serverTest(name, options, body) {
  test(name, async () => {
    try {
      await deck.start(options);
      await body();
    } finally {
      await finish();
    }
  });
}

function commandTest(name, body) {
  test(name, async () => {
    try {
      await body();
    } finally {
      await finish();
    }
  });
}

const parse = ({ stdout }) => JSON.parse(stdout);

commandTest('business and key commands print JSON of their documented shapes', async () => {
  const account = await sim.addAccount();
  const added = await deck.command('business', 'add', 'garage', '--limit', '5', '--format', 'wav', '--json');
  assert.deepEqual(parse(added), { id: 'garage', account_sid: null, limit: 5, format: 'wav', paused: false, retention_days: null, delete_at_provider: false });
  const token = await deck.run(['business', 'set', 'garage', '--account-sid', account.sid, '--auth-token', '-', '--json'], { input: `${account.token}\n` });
  assert.deepEqual(parse(token), { id: 'garage', account_sid: account.sid, limit: 5, format: 'wav', paused: false, retention_days: null, delete_at_provider: false });
  assert.equal(parse(await deck.command('business', 'pause', 'garage', '--json')).paused, true);
  assert.equal(parse(await deck.command('business', 'resume', 'garage', '--json')).paused, false);
  const list = await deck.command('business', 'list', '--json');
  assert.deepEqual(parse(list).map(({ id }) => id), ['garage']);
  assert.ok(!list.stdout.includes(account.token), 'a token is never printed');

  const key = parse(await deck.command('key', 'create', '--business', 'garage', '--name', 'front desk', '--json'));
  assert.equal(key.business, 'garage');
  const keys = await deck.command('key', 'list', '--json');
  assert.ok(!keys.stdout.includes(key.key), 'a key is printed once');
  const listed = parse(keys).find(({ name }) => name === 'front desk');
  assert.deepEqual(Object.keys(listed).sort(), ['business', 'created_at', 'id', 'name', 'revoked_at']);
  assert.equal(listed.revoked_at, null);
  await deck.command('key', 'revoke', String(listed.id));
  assert.match(parse(await deck.command('key', 'list', '--json')).find(({ id }) => id === listed.id).revoked_at, /^\d{4}-/);
});

commandTest('a failed command ends with 1, wrong usage with 2, wrong settings with 3', async () => {
  const refused = [
    [['business', 'set', 'nobody', '--limit', '3'], 1, /no business nobody/],
    [['business', 'add', 'no/slash'], 1, /./],
    [['business', 'add', 'x', '--limit', '-1'], 1, /--limit/],
    [['business', 'add', 'x', '--account-sid', 'AC12', '--auth-token', 't'], 1, /--account-sid/],
    [['business', 'add', 'x', '--format', 'ogg'], 1, /--format/],
    [['key', 'create', '--business', 'nobody'], 1, /no business nobody/],
    [['key', 'revoke', '4711'], 1, /no key 4711/],
    [['key', 'create'], 2, /./],
    [['key', 'create', '--business', 'a', '--operator'], 2, /./],
    [['business'], 2, /./],
    [['juggle'], 2, /./],
    [['serve', '--no-such-flag'], 2, /./],
    [['config', '--max-concurrent-downloads', 'many'], 3, /MAX_CONCURRENT_DOWNLOADS/],
  ];
  for (const [args, code, says] of refused) {
    const done = await deck.run(args);
    assert.equal(done.code, code, `${args.join(' ')}: ${done.stderr}`);
    assert.match(done.stderr, says, args.join(' '));
    assert.equal(done.stdout, '', args.join(' '));
  }
  for (const args of [['--help'], ['--version'], ['serve', '--help'], ['business', 'add', '--help'], ['key', '--help']]) {
    const done = await deck.run(args);
    assert.equal(done.code, 0);
    assert.ok(done.stdout.length > 0);
  }
});

commandTest('all wrong settings are reported together, each with its name and an example', async () => {
  const settings = {
    LISTEN: 'somewhere', PUBLIC_URL: 'ftp://x', MAX_CONCURRENT_DOWNLOADS: '0', MAX_SLOTS_PER_BUSINESS: 'three',
    TWILIO_ACCOUNT_SID: 'AC1', RECORDING_FORMAT: 'ogg', SECRET_KEY: 'short', LOG_LEVEL: 'loud', CORS_ORIGINS: '*',
    SHUTDOWN_GRACE: '-1', ENABLE_SCHEDULERS: 'perhaps',
  };
  const done = await deck.run(['serve'], { settings });
  assert.equal(done.code, 3);
  for (const name of Object.keys(settings)) {
    const line = done.stderr.split('\n').find((text) => text.trim().startsWith(`${name}:`));
    assert.ok(line, `${name} is not reported:\n${done.stderr}`);
    assert.match(line, /expected|must/);
    assert.match(line, new RegExp(`example: ${name}=|from`), line);
  }
  assert.ok(!done.stderr.includes('short'), 'a secret is not printed');
});

commandTest('config shows every setting with its origin, and no secret', async () => {
  const secret = Buffer.alloc(32, 7).toString('base64');
  const settings = { SECRET_KEY: secret, TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'hush-hush' };
  const done = await deck.run(['config', '--json', '--log-level', 'warning'], { settings });
  assert.equal(done.code, 0);
  const all = new Map(parse(done).map((one) => [one.name, one]));
  for (const name of ['LISTEN', 'DATA_DIR', 'MAX_CONCURRENT_DOWNLOADS', 'TWILIO_BASE_URL', 'LOG_FORMAT']) assert.ok(all.has(name), name);
  assert.equal(all.get('LOG_LEVEL').value, 'warning');
  assert.notEqual(all.get('LOG_LEVEL').origin, all.get('DATA_DIR').origin);
  assert.equal(all.get('SECRET_KEY').value, '***');
  assert.equal(all.get('TWILIO_AUTH_TOKEN').value, '***');
  assert.ok(!done.stdout.includes(secret) && !done.stdout.includes('hush-hush'));
});

commandTest('doctor reports a refused account, and approves a good one', async () => {
  const account = await sim.addAccount();
  await deck.command('business', 'add', 'good', '--account-sid', account.sid, '--auth-token', account.token);
  const fine = await deck.run(['doctor', '--json']);
  const of = (done, id) => parse(done).find(({ about }) => about === `account of business ${id}`);
  assert.equal(of(fine, 'good').verdict, 'ok');
  assert.equal(fine.code, 0, fine.stdout);
  await deck.command('business', 'add', 'bad', '--account-sid', account.sid, '--auth-token', 'wrong');
  const broken = await deck.run(['doctor', '--json']);
  assert.equal(broken.code, 1);
  assert.equal(of(broken, 'bad').verdict, 'broken');
  assert.ok(of(broken, 'bad').mend.length > 0);
  assert.ok(!broken.stdout.includes(account.token));
  assert.equal(parse(await deck.run(['doctor', '--offline', '--json'])).some(({ about }) => about.startsWith('account')), false);
});

serverTest('a second server on the same DATA_DIR is refused with the first one\'s pid', {}, async () => {
  const second = await deck.run(['serve']);
  assert.equal(second.code, 1);
  assert.match(second.stderr, new RegExp(`pid ${deck.pid}\\b`));
  assert.equal((await deck.request('GET', '/readyz')).status, 200);
});

serverTest('health, readiness, metrics and the OpenAPI document need no key', {}, async () => {
  const { business, calls: [sid] } = await makeBusiness(1);
  await deck.press(business, sid);
  await deck.untilState(business, sid, 'stored');
  assert.equal((await deck.request('GET', '/healthz')).status, 200);
  const ready = await deck.request('GET', '/readyz');
  assert.deepEqual(ready.json, { status: 'ready', checks: { call_store: 'ok', slot_store: 'ok', blob_store: 'ok' } });
  const metrics = await deck.request('GET', '/metrics');
  assert.equal(metrics.status, 200);
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: metrics.body, encoding: 'utf8' });
  assert.equal(checked.error, undefined, 'promtool is part of the set-up');
  assert.deepEqual([checked.status, checked.stdout + checked.stderr], [0, '']);
  assert.ok(!metrics.body.includes(business.id), 'no business in the metrics');
});

serverTest('every operation of openapi.json exists, and none is a 404 or 405 of the router', {}, async () => {
  const { business, recordings: [recording] } = await makeBusiness(1);
  const { json } = await deck.request('GET', '/openapi.json');
  const methods = ['get', 'put', 'post', 'delete'];
  let operations = 0;
  for (const [template, item] of Object.entries(json.paths)) {
    const target = template.replace('{sid}', recording.sid).replace('{call_sid}', recording.call).replace('{business_id}', business.id);
    for (const method of methods.filter((name) => name in item)) {
      const answer = await deck.request(method.toUpperCase(), target, { key: business.key });
      assert.ok(String(answer.status) in item[method].responses, `${method} ${template}: ${answer.status} is documented`);
      assert.notEqual(answer.status, 405);
      ++operations;
    }
    const other = ['get', 'put', 'post', 'delete', 'patch'].find((name) => !(name in item));
    assert.equal((await deck.request(other.toUpperCase(), target, { key: business.key })).status, 405, `${other} ${template}`);
  }
  assert.ok(operations >= 18, `${operations} operations`);
  assert.equal((await deck.get(business, '/api/nonsense')).status, 404);
});

serverTest('the JSON log has one object a line, with whole SIDs and the same events', { settings: { LOG_FORMAT: 'json' } }, async () => {
  const { business, account, calls } = await makeBusiness(4);
  await sim.addRule({ fault: 'stall', after_bytes: 1000, for_ms: 300, account: account.sid });
  for (const sid of calls) await deck.press(business, sid);
  for (const sid of calls) await deck.untilState(business, sid, 'stored');
  await deck.stop();
  const events = deck.lines.map((line) => JSON.parse(line));
  for (const { time, level, event } of events) {
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(['debug', 'info', 'warning', 'error'].includes(level) && event.length > 0);
  }
  const of = (name) => events.filter(({ event, business_id: id }) => event === name && id === business.id);
  assert.deepEqual(of('RECORDING_ENQUEUE').map(({ sid, active }) => [sid, active]), calls.slice(0, 3).map((sid, i) => [sid, `${i + 1}/3`]));
  assert.deepEqual(of('RECORDING_QUEUED').map(({ sid, queue_len: length }) => [sid, length]), [[calls[3], 1]]);
  assert.deepEqual(of('RECORDING_NEXT').map(({ sid }) => sid), [calls[3]]);
  assert.equal(of('RECORDING_DONE').length, 4);
});

for (const [what, ms, isFinished] of [['short ones to their end', 800, true], ['hung ones for the grace only', 60_000, false]]) {
  serverTest(`SIGTERM lets downloads run on, ${what}, and ends with 0`, { settings: { SHUTDOWN_GRACE: '3' } }, async () => {
    const { business, account, recordings, calls } = await makeBusiness(5);
    const rule = await sim.addRule({ fault: 'stall', after_bytes: 1000, for_ms: ms, account: account.sid });
    for (const sid of calls) await deck.press(business, sid);
    await sim.untilStats((stats) => stats.accounts[account.sid]?.current === 3);
    assert.deepEqual(await deck.stop(), { code: 0, signal: null });
    const stats = await sim.untilStats(({ accounts }) => accounts[account.sid].current === 0);
    assert.equal(stats.accounts[account.sid].completed >= 3, isFinished);
    assert.deepEqual((await deck.blobFiles()).filter(({ path }) => path.startsWith('.tmp/')), []);
    await sim.removeRule(rule);
    await deck.start();
    for (const sid of calls) await deck.untilState(business, sid, 'stored');
    const { recordings: seen, accounts } = await sim.stats();
    for (const { sid } of recordings) assert.equal(seen[sid].completed, 1);
    assert.ok(accounts[account.sid].greatest <= 3);
    for (const sid of calls) assert.equal((await deck.status(business, sid)).attempts, 1, 'a hand-back counts as no attempt');
  });
}

serverTest('a full disk fails the fetch with its cause and frees the slot, and stored recordings play', {}, async () => {
  const { business, calls: [small] } = await makeBusiness(1);
  await deck.press(business, small);
  await deck.untilState(business, small, 'stored');
  const large = (await sim.addRecordings({ account: business.account.sid, count: 1, duration_s: 600 }))[0];
  await deck.tell(business, large);
  const limit = (bytes) => spawnSync('prlimit', [`--fsize=${bytes}:unlimited`, '--pid', String(deck.pid)]);
  assert.equal(limit(2 * 1024 * 1024).status, 0);
  await deck.press(business, large.call);
  const status = await deck.untilStatus(business, large.call, ({ retry_at: at }) => at !== null);
  assert.equal(status.state, 'queued');
  assert.match(status.cause.code, /^(disk_full|io_error)$/);
  assert.equal((await deck.queue(business)).active_count, 0);
  assert.equal((await deck.press(business, small)).status, 200);
  assert.equal((await deck.request('GET', '/healthz')).status, 200);
  assert.equal(limit(noFileSizeMax).status, 0);
  await deck.untilState(business, large.call, 'stored');
  assert.equal((await deck.press(business, large.call)).status, 200);
});
