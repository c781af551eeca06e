// The webhooks of the simulator, as a server of the test receives them.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { sid, startSim } from './support/sim.mjs';

const publicUrl = 'https://rec.example.com/webhooks/twilio/acme/recording?b=7';

let sim;
let receiver;
let target;
let received;
let answer;
let account;
let recording;

before(async () => {
  sim = await startSim();
  receiver = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, form: new URLSearchParams(Buffer.concat(parts).toString()) });
      answer(response);
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  target = `http://127.0.0.1:${receiver.address().port}/webhooks/twilio/acme/recording?b=7`;
});

after(async () => {
  await sim?.stop();
  receiver?.closeAllConnections();
  receiver?.close();
});

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  await sim.reset();
  account = await sim.addAccount({ token: '12345' });
  recording = await sim.addRecording({
    account: account.sid, sid: sid('RE', 3), call: sid('CA', 2), duration_s: 42, channels: 2,
    created_at: '2026-11-23T12:00:00Z',
  });
});

// X-Twilio-Signature as Twilio's documentation says (www.twilio.com/docs/usage/security).
function sign(token, url, form) {
  const pairs = new Set([...form].map(([name, value]) => `${name}\0${value}`));
  const text = [...pairs].sort().map((pair) => pair.replace('\0', '')).join('');
  return createHmac('sha1', token).update(url + text).digest('base64');
}

test('the form describes the recording, and its signature is for the public address', async () => {
  const { sent, statuses } = await sim.webhook({ recording: recording.sid, target, public_url: publicUrl });
  assert.deepEqual([sent, statuses], [1, { 204: 1 }]);
  const [{ method, url, headers, form }] = received;
  assert.deepEqual([method, url], ['POST', '/webhooks/twilio/acme/recording?b=7']);
  assert.match(headers['content-type'], /^application\/x-www-form-urlencoded/);
  assert.deepEqual(Object.fromEntries(form), {
    AccountSid: account.sid,
    CallSid: sid('CA', 2),
    RecordingSid: sid('RE', 3),
    RecordingUrl: `${sim.url}/2010-04-01/Accounts/${account.sid}/Recordings/${sid('RE', 3)}`,
    RecordingStatus: 'completed',
    RecordingDuration: '42',
    RecordingChannels: '2',
    RecordingStartTime: 'Mon, 23 Nov 2026 12:00:00 +0000',
    RecordingSource: 'StartCallRecordingAPI',
    RecordingTrack: 'both',
    ErrorCode: '0',
  });
  assert.equal(headers['x-twilio-signature'], sign('12345', publicUrl, form));
});

test('a published callback gets its published signature', async () => {
  const RecordingUrl = `https://api.twilio.com/2010-04-01/Accounts/${sid('AC', 1)}/Recordings/${sid('RE', 3)}`;
  await sim.webhook({
    recording: recording.sid, target, parameters: { RecordingUrl },
    public_url: 'https://rec.example.com/webhooks/twilio/recording?b=7',
  });
  assert.equal(received[0].headers['x-twilio-signature'], 'Q/NyjeQvnvgFGpEuoW5n9wxu8rA=');
});

test('without a public address the target itself is signed, without its fragment', async () => {
  await sim.webhook({ recording: recording.sid, target: `${target}#rc=5&rp=all` });
  const [{ headers, form }] = received;
  assert.equal(headers['x-twilio-signature'], sign('12345', target, form));
});

test('parameters replace, add, repeat and remove fields, and are signed', async () => {
  const parameters = { CallSid: 'x y+z&=é', Future: ['b', 'a', 'b'], RecordingTrack: null };
  await sim.webhook({ recording: recording.sid, target, public_url: publicUrl, parameters });
  const [{ headers, form }] = received;
  assert.equal(form.get('CallSid'), 'x y+z&=é');
  assert.deepEqual(form.getAll('Future'), ['b', 'a', 'b']);
  assert.equal(form.has('RecordingTrack'), false);
  assert.equal(headers['x-twilio-signature'], sign('12345', publicUrl, form));
});

test('GET carries the fields in the query, and the whole address is signed', async () => {
  await sim.webhook({ recording: recording.sid, target, public_url: publicUrl, method: 'GET' });
  const [{ method, url, headers }] = received;
  assert.equal(method, 'GET');
  assert.match(url, /\?b=7&AccountSid=AC/);
  const signed = 'https://rec.example.com' + url;
  assert.equal(headers['x-twilio-signature'], sign('12345', signed, []));
});

test('the status of a call can be sent too', async () => {
  const call = await sim.addCall({ account: account.sid, from: '+14155550100', to: '+14155550101', duration_s: 9 });
  await sim.webhook({ call: call.sid, target, public_url: publicUrl });
  const [{ headers, form }] = received;
  assert.deepEqual(
    ['CallSid', 'CallStatus', 'From', 'To', 'CallDuration', 'Direction'].map((name) => form.get(name)),
    [call.sid, 'completed', '+14155550100', '+14155550101', '9', 'inbound'],
  );
  assert.equal(headers['x-twilio-signature'], sign('12345', publicUrl, form));
});

test('events are sent in the given order, and copies of one event share a token', async () => {
  await sim.webhook({ recording: recording.sid, target, statuses: ['completed', 'in-progress'], times: 2 });
  const seen = received.map(({ form }) => form.get('RecordingStatus'));
  assert.deepEqual(seen, ['completed', 'in-progress', 'completed', 'in-progress']);
  const tokens = received.map(({ headers }) => headers['i-twilio-idempotency-token']);
  assert.equal(tokens[0], tokens[2]);
  assert.notEqual(tokens[0], tokens[1]);
  assert.equal(received[1].form.has('RecordingDuration'), false);
});

test('shuffle changes the order, the same way for the same seed', async () => {
  const order = { recording: recording.sid, target, statuses: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], shuffle: true };
  const run = async (shuffle_seed) => {
    received = [];
    await sim.webhook({ ...order, shuffle_seed });
    return received.map(({ form }) => form.get('RecordingStatus')).join('');
  };
  const first = await run(1);
  assert.equal(await run(1), first);
  assert.notEqual(await run(2), first);
  assert.equal([...first].sort().join(''), 'abcdefgh');
});

test('a hundred are sent at once', async () => {
  const held = [];
  answer = (response) => {
    held.push(response);
    if (held.length === 100) for (const one of held) one.writeHead(204).end();
  };
  const { statuses } = await sim.webhook({ recording: recording.sid, target, times: 100, at_once: 100 });
  assert.deepEqual(statuses, { 204: 100 });
});

test('each answer is reported', async () => {
  answer = (response) => response.writeHead(received.length === 2 ? 503 : 200).end('x');
  const { statuses, results } = await sim.webhook({ recording: recording.sid, target, times: 3 });
  assert.deepEqual(statuses, { 200: 2, 503: 1 });
  assert.deepEqual(results.map((result) => result.status), [200, 503, 200]);
});

test('a wrong token, a wrong signature or none can be sent', async () => {
  const order = { recording: recording.sid, target, public_url: publicUrl };
  await sim.webhook({ ...order, token: 'other' });
  await sim.webhook({ ...order, signature: 'bm90IG1pbmU=' });
  await sim.webhook({ ...order, signed: false });
  const [other, wrong, none] = received.map(({ headers }) => headers['x-twilio-signature']);
  assert.equal(other, sign('other', publicUrl, received[0].form));
  assert.equal(wrong, 'bm90IG1pbmU=');
  assert.equal(none, undefined);
});

test('a server that does not answer in time counts as an error', async () => {
  answer = () => {};
  const { statuses, results } = await sim.webhook({ recording: recording.sid, target, timeout_ms: 100 });
  assert.deepEqual(statuses, { error: 1 });
  assert.equal(typeof results[0].problem, 'string');
});

test('a server that is down counts as an error', async () => {
  const closed = http.createServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address();
  closed.close();
  await once(closed, 'close');
  const { statuses } = await sim.webhook({ recording: recording.sid, target: `http://127.0.0.1:${port}/` });
  assert.deepEqual(statuses, { error: 1 });
});

test('a target on another machine is refused', async () => {
  for (const bad of ['http://192.0.2.1/hook', 'http://example.com/hook', 'https://127.0.0.1/hook', 'hook', '']) {
    await assert.rejects(sim.webhook({ recording: recording.sid, target: bad }), /400.*this machine/, bad);
  }
});

test('an unknown recording and a misspelt member are refused', async () => {
  await assert.rejects(sim.webhook({ recording: sid('RE', 99), target }), /404/);
  await assert.rejects(sim.webhook({ recording: recording.sid, target, tims: 2 }), /400.*tims/);
  assert.equal(received.length, 0);
});
