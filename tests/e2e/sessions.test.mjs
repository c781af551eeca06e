// Access to the page that is taken back: sessions that end, and what a browser kept. With the real binary, its commands,
// the simulator and Chromium.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { openBrowser, openPage } from './support/browser.mjs';
import { signIn } from './support/page_steps.mjs';
import { startRealStage } from './support/real_stage.mjs';
import { until } from './support/tapedeck.mjs';

let stage;
let deck;

before(async () => {
  stage = await startRealStage();
  deck = stage.deck;
});

after(async () => {
  await stage?.stop();
});

const parse = ({ stdout }) => JSON.parse(stdout);
const listSessions = async () => parse(await deck.command('session', 'list', '--json'));
const look = (cookie) => deck.request('GET', '/api/session', { headers: { Cookie: cookie } });
const untilRefused = (cookie) => until('the session to be refused', () => look(cookie), ({ status }) => status === 401);

async function openSession() {
  const made = await deck.command('key', 'create', '--business', stage.business.id);
  const answer = await deck.request('POST', '/api/session', { body: { key: made.stdout.trim() } });
  assert.equal(answer.status, 204);
  const cookie = answer.headers['set-cookie'][0].split(';')[0];
  const caller = await look(cookie);
  assert.equal(caller.status, 200);
  const newest = (await listSessions()).at(-1);
  return { cookie, csrf: caller.json.csrf_token, id: newest.id, key: newest.key_id };
}

test('a cookie is worth nothing after its owner signed out', async () => {
  const { cookie, csrf, id } = await openSession();
  const answer = await deck.request('DELETE', '/api/session', { headers: { Cookie: cookie, 'X-CSRF-Token': csrf } });
  assert.equal(answer.status, 204);
  assert.equal(answer.headers['clear-site-data'], '"cache"');
  assert.equal((await look(cookie)).status, 401);
  assert.ok((await listSessions()).every((session) => session.id !== id));
});

test('the operator sees who is signed in, and signs one person out', async () => {
  const kept = await openSession();
  const ended = await openSession();
  const line = (await listSessions()).find(({ id }) => id === ended.id);
  assert.equal(line.business, stage.business.id);
  assert.ok(Date.parse(line.expires_at) > Date.parse(line.seen_at));
  assert.deepEqual(parse(await deck.command('session', 'end', '--id', String(ended.id), '--json')), { ended: 1 });
  await untilRefused(ended.cookie);
  assert.equal((await look(kept.cookie)).status, 200);
});

test('the operator signs a whole business out', async () => {
  const sessions = [await openSession(), await openSession()];
  const { ended } = parse(await deck.command('session', 'end', '--business', stage.business.id, '--json'));
  assert.ok(ended >= 2);
  for (const { cookie } of sessions) await untilRefused(cookie);
});

test('a session ends with its key', async () => {
  const { cookie, key } = await openSession();
  await deck.command('key', 'revoke', String(key));
  await untilRefused(cookie);
});

test('the audit says who signed in and out, and when', async () => {
  const { cookie, csrf, id, key } = await openSession();
  await deck.request('DELETE', '/api/session', { headers: { Cookie: cookie, 'X-CSRF-Token': csrf } });
  const lines = await until('both lines in the audit', async () => {
    const { stdout } = await deck.command('audit', '--business', stage.business.id, '--json');
    return stdout.trim().split('\n').map((line) => JSON.parse(line)).filter(({ actor }) => actor === `session:${id}`);
  }, (found) => found.length === 2);
  assert.deepEqual(lines.map(({ action, detail }) => [action, detail]), [['sign_in', `key:${key}`], ['sign_out', '']]);
});

test('a session that does not exist is named, with the command that lists them', async () => {
  const { code, stderr } = await deck.run(['session', 'end', '--id', '999999']);
  assert.equal(code, 1);
  assert.match(stderr, /there is no session 999999; see: tapedeck session list/);
});

test('the command needs to know which sessions to end', async () => {
  const { code } = await deck.run(['session', 'end']);
  assert.equal(code, 2);
});

describe('a browser', () => {
  let browser;
  let context;
  let page;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
  });
  beforeEach(async () => {
    ({ page, context } = await openPage(browser));
    await signIn(page, stage);
  });
  afterEach(async () => {
    await context.close();
  });

  // As a player does: from the cache, if the server agrees.
  const fetchIt = () =>
    page.evaluate(async (target) => {
      const answer = await fetch(target);
      return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
    }, `/api/recordings/${stage.calls.stored.sid}/stream`);

  test('plays nothing from its cache after its user signed out', async () => {
    const first = await fetchIt();
    assert.equal(first.status, 200);
    assert.deepEqual(await fetchIt(), first);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await until('the refusal', fetchIt, ({ status }) => status === 401);
  });

  test('plays nothing from its cache after the recording was deleted', async () => {
    assert.equal((await fetchIt()).status, 200);
    const target = `/api/recordings/${stage.calls.stored.sid}`;
    assert.equal((await deck.request('DELETE', target, { key: stage.business.key })).status, 204);
    assert.notEqual((await fetchIt()).status, 200);
  });
});
