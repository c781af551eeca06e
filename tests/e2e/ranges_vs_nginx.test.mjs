// Ranges and preconditions, compared with nginx serving the same file. The answers must be equal, except for the differences
// listed here, each with the section of RFC 9110 that allows or requires ours.
//
// http_bench_server, the HTTP engine alone, serves files of several sizes; then the real server serves a recording. SEED
// changes the random ranges.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startNginx } from '../../tools/services/nginx.mjs';
import { rangeRequests, seeded } from './support/range_requests.mjs';
import { startSim } from './support/sim.mjs';
import { makeTapedeck } from './support/tapedeck.mjs';

const SEED = Number(process.env.SEED ?? 20261123);
const LEAST_REQUESTS = 300;
const MOST_KINDS = 10;
const binaries = process.env.TAPEDECK_BIN_DIR ?? fileURLToPath(new URL('../../build/release/bin', import.meta.url));
const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 4 });
// nginx 1.22 closes the connection after a HEAD with 412, without announcing it.
const oneRequest = new http.Agent({ keepAlive: false });

const has = (name) => (request) => name in request.headers;
const range = (request) => request.headers.Range ?? '';
const members = (request) => range(request).replace(/^[^=]*=/, '').split(',').map((member) => member.trim());
// One well-formed range, with its end not before its beginning.
function isSingle(request) {
  const [, first, last] = /^bytes=(?:(\d+)-(\d*)|-\d+)$/i.exec(range(request)) ?? [];
  return first === undefined ? /^bytes=-\d+$/i.test(range(request)) : !last || BigInt(first) <= BigInt(last);
}
const isList = (request) => members(request).filter((member) => member !== '').length > 1;
const isWhole = (answer, request) => answer.status === 200 && answer.length === request.size;

// The first kind whose `of` holds for the request must explain the difference.
const KINDS = [
  {
    name: 'HEAD with Range: ours ignores the range',
    rfc: '§14.2: GET is the only method for which range handling is defined',
    of: (request) => request.method === 'HEAD' && has('Range')(request),
    explains: (request, ours, theirs) => ours.status === 200 && [206, 416].includes(theirs.status),
  },
  {
    name: 'If-Modified-Since beside a matching If-None-Match: ours ignores the date',
    rfc: '§13.1.3: a recipient must ignore If-Modified-Since if the request contains If-None-Match',
    of: (request) => has('If-None-Match')(request) && has('If-Modified-Since')(request),
    explains: (request, ours, theirs) => ours.status === 304 && [200, 206, 416].includes(theirs.status),
  },
  {
    name: 'If-Unmodified-Since beside a matching If-Match: ours ignores the date',
    rfc: '§13.1.4: a recipient must ignore If-Unmodified-Since if the request contains If-Match',
    of: (request) => has('If-Match')(request) && has('If-Unmodified-Since')(request),
    explains: (request, ours, theirs) => [200, 206, 416].includes(ours.status) && theirs.status === 412,
  },
  {
    name: 'If-Unmodified-Since that is no date: ours ignores it',
    rfc: '§13.1.4: a recipient must ignore the field if its value is not a valid HTTP-date',
    of: (request) => Number.isNaN(Date.parse(request.headers['If-Unmodified-Since'] ?? 'Sun, 02 Jan 2000 10:00:00 GMT')),
    explains: (request, ours, theirs) => [200, 206, 416].includes(ours.status) && theirs.status === 412,
  },
  {
    name: 'If-Modified-Since later than Last-Modified: ours answers 304, nginx wants the exact date',
    rfc: '§13.1.3: the condition is false if the last modification is earlier or equal to the date',
    of: (request) => (request.headers['If-Modified-Since'] ?? '').includes('2037'),
    explains: (request, ours, theirs) => ours.status === 304 && [200, 206, 416].includes(theirs.status),
  },
  {
    name: 'several ranges: ours sends the whole',
    rfc: '§14.2: a server may ignore the Range header field; §15.3.7.2 lets it refuse many ranges',
    of: isList,
    explains: (request, ours, theirs) => isWhole(ours, request) && [206, 416].includes(theirs.status),
  },
  {
    name: 'an empty member in the list: ours skips it',
    rfc: '§5.6.1.2: a recipient must parse and ignore a reasonable number of empty list elements',
    of: (request) => members(request).length > 1,
    explains: (request, ours, theirs) => ours.status === 206 && theirs.status === 416,
  },
  {
    name: 'a number beyond 64 bits: ours takes it for the end',
    rfc: '§14.1.2: a last-pos beyond the end means the remainder, and a long suffix means everything',
    of: (request) => isSingle(request) && /\d{20}/.test(range(request)),
    explains: (request, ours, theirs) => ours.status === 206 && theirs.status === 416,
  },
  {
    name: 'an empty file: ours cannot satisfy a range of it',
    rfc: '§14.1.2: an int-range is satisfiable if its first-pos is less than the current length',
    of: (request) => request.size === 0 && isSingle(request),
    explains: (request, ours, theirs) => ours.status === 416 && theirs.status === 200,
  },
  {
    name: 'a malformed range: ours ignores it',
    rfc: '§14.2: a server may ignore or reject a Range header field that contains an invalid ranges-specifier',
    of: (request) => has('Range')(request) && !isSingle(request),
    explains: (request, ours, theirs) => isWhole(ours, request) && [206, 416].includes(theirs.status),
  },
];

let folder;
let nginx;
let sim;
let deck;
const children = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-ranges-'));
  nginx = await startNginx(folder);
});

after(async () => {
  keepAlive.destroy();
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(children.map((child) => child.exitCode ?? new Promise((resolve) => child.once('exit', resolve))));
  await deck?.destroy();
  await sim?.stop();
  await nginx?.stop();
  await rm(folder, { recursive: true, force: true });
});

function startOurs(file) {
  const child = spawn(path.join(binaries, 'http_bench_server'), [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`http_bench_server ended with ${code}`)));
    child.stdout.on('data', (text) => {
      const port = /port (\d+)/.exec(text)?.[1];
      if (port) resolve(`http://127.0.0.1:${port}/file`);
    });
  });
}

function ask(url, { method, headers }, { validators = {}, agent = keepAlive, key } = {}) {
  const own = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(/\{(\w+)\}/g, (_, key) => validators[key])]),
  );
  if (key) own.Authorization = `Bearer ${key}`;
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers: own, agent }, (response) => {
      const hash = createHash('sha256');
      let received = 0;
      response.on('data', (chunk) => {
        hash.update(chunk);
        received += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        const length = response.headers['content-length'];
        resolve({
          status: response.statusCode,
          length: length === undefined ? undefined : Number(length),
          received,
          hash: hash.digest('hex'),
          headers: response.headers,
        });
      });
    });
    request.on('error', (error) => reject(new Error(`${error.message}: ${method} ${url} ${JSON.stringify(own)}`)));
    request.end();
  });
}

// The parts that must be equal. Error documents differ, and each server has its own tags.
function essence(answer) {
  const common = { status: answer.status, contentRange: answer.headers['content-range'] };
  if (answer.status !== 200 && answer.status !== 206) return common;
  return { ...common, length: answer.length, received: answer.received, hash: answer.hash,
    ranges: answer.headers['accept-ranges'] ?? (answer.status === 206 ? 'bytes' : undefined),
    modified: answer.headers['last-modified'], type: answer.headers['content-type'] };
}

function validatorsOf(answer) {
  const { etag } = answer.headers;
  assert.match(etag, /^"[^"]+"$/, 'a strong ETag');
  return { etag, weak: `W/${etag}`, modified: answer.headers['last-modified'] };
}

async function compare(url, name, size, requests, found, key) {
  const theirUrl = `http://127.0.0.1:${nginx.port}/${name}`;
  const plain = { method: 'GET', headers: {} };
  const our = validatorsOf(await ask(url, plain, { key }));
  const their = validatorsOf(await ask(theirUrl, plain, { agent: oneRequest }));
  assert.equal(our.modified, their.modified);
  const unexplained = [];
  for (const request of requests) {
    const [ours, theirs] = await Promise.all([
      ask(url, request, { validators: our, key }),
      ask(theirUrl, request, { validators: their, agent: oneRequest }),
    ]);
    const said = `${request.method} of ${size} bytes, ${JSON.stringify(request.headers)}`;
    if ([200, 206, 304].includes(ours.status)) assert.equal(ours.headers.etag, our.etag, said);
    if (ours.status === 304) assert.equal(ours.received, 0, said);
    if (ours.status === 416) assert.equal(ours.headers['content-range'], `bytes */${size}`, said);
    if (JSON.stringify(essence(ours)) === JSON.stringify(essence(theirs))) continue;
    const kind = KINDS.find((candidate) => candidate.of(request));
    if (kind?.explains(request, ours, theirs)) {
      found.set(kind.name, (found.get(kind.name) ?? 0) + 1);
    } else {
      unexplained.push(`${said}\n  ours ${JSON.stringify(essence(ours))}\n  nginx ${JSON.stringify(essence(theirs))}`);
    }
  }
  assert.deepEqual(unexplained, []);
}

function report(t, count, found) {
  t.diagnostic(`seed ${SEED}: ${count} requests`);
  for (const kind of KINDS) t.diagnostic(`${found.get(kind.name) ?? 0} times: ${kind.name} (RFC 9110 ${kind.rfc})`);
}

test('the engine answers ranges and preconditions as nginx does, except for the listed kinds', async (t) => {
  assert.ok(KINDS.length <= MOST_KINDS);
  const found = new Map();
  const random = seeded(SEED);
  let count = 0;
  const run = async (name, content, requests) => {
    await writeFile(path.join(folder, name), content);
    await compare(await startOurs(path.join(folder, name)), name, content.length, requests, found);
    count += requests.length;
  };
  for (const size of [480_000, 1_000, 1]) {
    const content = Buffer.from(Array.from({ length: size }, () => random() * 256));
    await run(`file-${size}.mp3`, content, rangeRequests(size, SEED + size));
  }
  const ofNothing = ['bytes=0-', 'bytes=0-5', 'bytes=-5', 'bytes=-0'];
  await run('empty.mp3', Buffer.alloc(0), ofNothing.map((Range) => ({ method: 'GET', headers: { Range }, size: 0 })));
  // A kind that no request shows is out of date.
  assert.deepEqual(KINDS.map(({ name }) => name).filter((name) => !found.has(name)), []);
  assert.ok(count >= LEAST_REQUESTS);
  report(t, count, found);
});

test('the server answers for a stored recording as nginx does, except for the same kinds', async (t) => {
  sim = await startSim();
  deck = await makeTapedeck({ sim });
  await deck.start();
  const account = await sim.addAccount();
  const business = await deck.addBusiness('ranges', account);
  const call = await deck.tell(business, await sim.addRecording({ account: account.sid, duration_s: 20 }));
  const { body, headers } = await deck.play(business, call);
  const file = path.join(folder, 'recording.mp3');
  await writeFile(file, body);
  const modified = new Date(headers['last-modified']);
  await utimes(file, modified, modified);

  const found = new Map();
  const requests = rangeRequests(body.length, SEED);
  await compare(`${deck.url}/api/recordings/${call}/stream`, 'recording.mp3', body.length, requests, found, business.key);
  assert.ok(requests.length >= LEAST_REQUESTS);
  report(t, requests.length, found);
});
