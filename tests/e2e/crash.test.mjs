// kill -9 of the server at random moments under load, repeatedly on the same DATA_DIR. Each recording that was answered 202
// or 204 must be stored with the right bytes, in the order of the requests, and the provider must never see more than three
// downloads at once. SEED repeats the moments of a run (not the timing of the machine); TAPEDECK_FULL=1 makes ten times as
// many kills.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { seeded } from './support/random.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck, until } from './support/tapedeck.mjs';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const kills = process.env.TAPEDECK_FULL === '1' ? 2000 : 200;
// One in this many kills comes while the server is still starting.
const killAtStartEvery = 10;
const startMomentMaxMs = 40;
const momentMinMs = 20;
const momentMaxMs = 400;
// After a restart a business with cut downloads pauses for a moment, so each round loads the next two of these.
const businessCount = 12;
const businessesPerRound = 2;
const askedPerRoundMax = 8;
const webhookEvery = 4;
// 2 s of sound are 8 kB; the provider stalls in the middle.
const recording = { duration_s: 2 };
const slow = { fault: 'stall', after_bytes: 4000, for_ms: 200 };
const drainMs = 120_000;

let sim;
let deck;
let random;

before(async () => {
  console.log(`# seed ${seed}: SEED=${seed} repeats it`);
  random = seeded(seed).next;
  sim = await startSim();
  deck = await makeTapedeck({ sim });
});

after(async () => {
  await deck?.destroy();
  await sim?.stop();
});

// Requests recordings of one business, one after the other, until the server is gone. Adds the answered ones to `asked`.
async function load(business, asked) {
  const recordings = await sim.addRecordings({ account: business.account.sid, count: askedPerRoundMax, ...recording });
  return async () => {
    for (const [i, one] of recordings.entries()) {
      try {
        if (i % webhookEvery === webhookEvery - 1) {
          const sent = await sim.webhook({ recording: one.sid, timeout_ms: 2000, ...deck.webhookOf(business) });
          if (sent.statuses[204] !== 1) return;
          asked.push({ ...one, business, lane: 'fetch' });
        } else {
          await deck.tell(business, one);
          const answer = await deck.press(business, one.call);
          assert.equal(answer.status, 202, answer.body.toString());
          asked.push({ ...one, business, lane: 'play' });
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        return; // the connection broke: nothing was promised
      }
    }
  };
}

// The events at the provider since the last call: the requested media, and the number of broken transfers.
function watchProvider() {
  let seen = 0;
  const firstStarts = new Map();
  return {
    firstStarts,
    async look() {
      const events = await sim.log(seen);
      const requested = new Map();
      let cut = 0;
      for (const { n, event, resource, recording: sid, cause, account } of events) {
        seen = n + 1;
        if (resource !== 'media') continue;
        if (event === 'end' && cause === 'client_closed') ++cut;
        if (event !== 'request') continue;
        requested.set(sid, (requested.get(sid) ?? 0) + 1);
        if (!firstStarts.has(account)) firstStarts.set(account, []);
        const starts = firstStarts.get(account);
        if (!starts.includes(sid)) starts.push(sid);
      }
      return { requested, cut };
    },
  };
}

// Every file under a final name is a whole recording or a whole waveform. Each is checked once, because it must not change
// later.
function watchFiles() {
  const checked = new Set();
  const waveforms = new Set();
  return async () => {
    for (const file of await deck.blobFiles()) {
      if (file.path.startsWith('.tmp/') || checked.has(file.path) || waveforms.has(file.path)) continue;
      const content = await readFile(path.join(deck.dataDir, 'recordings', file.path));
      if (file.name.endsWith('.peaks')) {
        assert.equal(JSON.parse(content).channels, 1, file.path);
        waveforms.add(file.path);
        continue;
      }
      const { media } = await sim.recording(file.name.slice(0, 34));
      const sha256 = createHash('sha256').update(content).digest('hex');
      assert.equal(sha256, media.mp3_1.sha256, `${file.path}, ${content.length} of ${media.mp3_1.bytes} bytes`);
      checked.add(file.path);
    }
    return checked.size;
  };
}

async function leftovers() {
  return (await deck.blobFiles()).filter((file) => file.path.startsWith('.tmp/')).map((file) => file.path);
}

// A stored recording plays the provider's bytes; the server may die during the check.
async function lookAt(one) {
  try {
    if ((await deck.status(one.business, one.call)).state === 'stored') await assertPlays(one);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
  }
}

async function assertPlays({ business, call, sid }) {
  const answer = await deck.press(business, call);
  assert.equal(answer.status, 200, `${sid}: ${answer.status} ${answer.status === 200 ? '' : answer.body}`);
  const { sha256 } = (await sim.recording(sid)).media.mp3_1;
  assert.equal(createHash('sha256').update(answer.body).digest('hex'), sha256, `${sid} plays what the provider sent`);
}

// In one business and lane, no first download began before that of a recording three places ahead. Three downloads that begin
// together may differ by that much.
function assertOrder(asked, starts) {
  const place = new Map(starts.map((sid, i) => [sid, i]));
  const order = asked.map(({ sid }) => place.get(sid));
  for (let i = 3; i < order.length; ++i) {
    const earlier = Math.max(...order.slice(0, i - 2));
    assert.ok(order[i] > earlier, `${asked[i].sid}, asked for as number ${i + 1}, began before somebody ahead of it`);
  }
}

async function round(number, businesses, asked, files) {
  const chosen = Array.from({ length: businessesPerRound }, (_, i) => businesses[(number * businessesPerRound + i) % businessCount]);
  const loads = [];
  for (const business of chosen) loads.push(await load(business, asked));
  if (number % killAtStartEvery === killAtStartEvery - 1) {
    const starting = deck.start().catch(() => {});
    await pause(random() * startMomentMaxMs);
    await deck.kill();
    await starting;
  } else {
    const left = await leftovers();
    await deck.start();
    const now = await leftovers();
    assert.deepEqual(left.filter((name) => now.includes(name)), [], 'the start empties .tmp');
    const moment = pause(momentMinMs + random() * (momentMaxMs - momentMinMs));
    const running = loads.map((run) => run());
    if (asked.length > 0) running.push(lookAt(asked[Math.floor(random() * asked.length)]));
    await moment;
    await deck.kill();
    await Promise.all(running);
  }
  await files();
}

test(`${kills} kills under load lose and damage nothing`, { timeout: 7_000_000 }, async () => {
  const businesses = [];
  for (let i = 0; i < businessCount; ++i) {
    const account = await sim.addAccount();
    await sim.addRule({ ...slow, account: account.sid });
    businesses.push(await deck.addBusiness(`business-${i}`, account));
  }
  const asked = [];
  const provider = watchProvider();
  const files = watchFiles();
  let hits = 0;
  let cuts = 0;
  for (let number = 0; number < kills; ++number) {
    await round(number, businesses, asked, files);
    const { requested, cut } = await provider.look();
    for (const [sid, times] of requested) assert.equal(times, 1, `${sid} was asked for ${times} times by one process`);
    if (cut > 0) ++hits;
    cuts += cut;
  }
  console.log(`# ${kills} kills: ${hits} hit an open download, ${cuts} downloads were cut, ${asked.length} recordings asked for`);
  assert.ok(hits >= kills / 2, `only ${hits} of ${kills} kills hit an open download`);

  await deck.start();
  for (const business of businesses) {
    const isDone = (queue) => queue.active_count + queue.queue_length + queue.delayed_count === 0;
    await until(`an empty queue of ${business.id}`, () => deck.queue(business), isDone, drainMs);
  }
  const { requested } = await provider.look();
  for (const [sid, times] of requested) assert.equal(times, 1, `${sid} was asked for ${times} times by one process`);
  for (const one of asked) await assertPlays(one);
  assert.ok((await files()) >= asked.length, 'a file for each recording');
  for (const one of asked) await deck.untilStatus(one.business, one.call, ({ measured }) => measured);
  assert.deepEqual(await leftovers(), []);
  const { accounts } = await sim.stats();
  for (const { account, id } of businesses) {
    assert.ok(accounts[account.sid].greatest <= 3, `${id}: ${accounts[account.sid].greatest} at once`);
    for (const lane of ['play', 'fetch']) {
      const mine = asked.filter((one) => one.business.id === id && one.lane === lane);
      assertOrder(mine, provider.firstStarts.get(account.sid));
    }
  }
});
