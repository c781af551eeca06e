// Generated GET and HEAD requests with ranges and preconditions, the same for every run with the same seed.
// {etag}, {weak} and {modified} in the values stand for the validators of each server.

/// A small seeded generator of numbers in [0, 1).
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const MALFORMED = [
  'bytes', 'bytes=', 'bytes=-', 'bytes=abc', 'bytes=1', 'bytes=9-3', 'bytes=a-5', 'bytes=5-b', 'bytes=--5',
  'bytes=1-2-3', 'bytes=+1-2', 'bytes=1 - 2', 'bytes=1- 2', 'bytes =0-1', 'bytes:0-1', 'bytes=0x1-0x2', 'bytes=0-1;',
  'bytes=1.0-2', '=0-1', '0-1', 'bytes==0-1', 'bytes=0-1 x',
];
const OTHER_UNITS = ['items=0-5', 'seconds=0-5', 'byte=0-5', 'none=0-1'];
const BEYOND_64_BITS = ['bytes=1-99999999999999999999999', 'bytes=-99999999999999999999999'];
const EMPTY_MEMBERS = ['bytes=,0-1', 'bytes=0-1,', 'bytes=, 2-3 ,'];
const DATES = {
  before: 'Sun, 02 Jan 2000 10:00:00 GMT',
  after: 'Fri, 02 Jan 2037 10:00:00 GMT',
  unreadable: 'the day before yesterday',
  rfc850: 'Sunday, 02-Jan-00 10:00:00 GMT',
  asctime: 'Sun Jan  2 10:00:00 2000',
};

function single(random, size) {
  const limit = size + 5;
  const a = Math.floor(random() * limit);
  const b = a + Math.floor(random() * (limit - a));
  return [`bytes=${a}-${b}`, `bytes=${a}-`, `bytes=-${a}`, `bytes=${a}-${a}`, `Bytes=${a}-${b}`][Math.floor(random() * 5)];
}

function edges(size) {
  const last = size - 1;
  return [
    'bytes=0-', 'bytes=0-0', 'bytes=0-1', `bytes=0-${last}`, `bytes=0-${size}`, `bytes=${last}-`, `bytes=${size}-`,
    `bytes=${last}-${last}`, `bytes=${size}-${size + 1}`, `bytes=${last}-${size + 100}`, 'bytes=-0', 'bytes=-1',
    `bytes=-${size}`, `bytes=-${size + 1}`, 'bytes=0000-0001', `bytes=${size + 1000}-`,
  ].filter((range) => !range.includes('=-1-') && !range.includes('--'));
}

function preconditions() {
  const tags = ['{etag}', '{weak}', '"other"', '"other", {etag}', '*', '{weak}, "x"', 'unquoted'];
  const dates = ['{modified}', ...Object.values(DATES)];
  const one = [
    ...tags.map((value) => ({ 'If-None-Match': value })),
    ...tags.map((value) => ({ 'If-Match': value })),
    ...dates.map((value) => ({ 'If-Modified-Since': value })),
    ...dates.map((value) => ({ 'If-Unmodified-Since': value })),
  ];
  const two = [
    { 'If-None-Match': '{etag}', 'If-Modified-Since': DATES.before },
    { 'If-None-Match': '"other"', 'If-Modified-Since': '{modified}' },
    { 'If-None-Match': '{etag}', 'If-Modified-Since': '{modified}' },
    { 'If-Match': '{etag}', 'If-Unmodified-Since': DATES.before },
    { 'If-Match': '"other"', 'If-Unmodified-Since': DATES.after },
    { 'If-Match': '{etag}', 'If-None-Match': '{etag}' },
    { 'If-Match': '"other"', 'If-None-Match': '{etag}' },
    { 'If-Unmodified-Since': '{modified}', 'If-None-Match': '{etag}' },
  ];
  return { one, two };
}

/// Every request: {method, headers, size}. `size` of the served file, in bytes.
export function rangeRequests(size, seed) {
  const random = seeded(seed);
  const { one, two } = preconditions();
  const requests = [];
  const add = (headers, method = 'GET') => requests.push({ method, headers, size });

  add({});
  add({}, 'HEAD');
  for (const Range of [...edges(size), ...MALFORMED, ...OTHER_UNITS, ...BEYOND_64_BITS, ...EMPTY_MEMBERS]) add({ Range });
  for (let i = 0; i < 110; i += 1) add({ Range: single(random, size) });
  for (let i = 0; i < 10; i += 1) add({ Range: `${single(random, size)},${single(random, size).slice(6)}` });
  for (let i = 0; i < 8; i += 1) add({ Range: single(random, size) }, 'HEAD');
  for (const headers of [...one, ...two]) {
    add(headers);
    add(headers, 'HEAD');
    add({ ...headers, Range: single(random, size) });
  }
  for (const value of ['{etag}', '{weak}', '"other"', '{modified}', DATES.before, DATES.after, 'nonsense', '*']) {
    add({ 'If-Range': value });
    add({ 'If-Range': value, Range: 'bytes=1-2' });
    add({ 'If-Range': value, Range: `bytes=${size + 10}-` });
    add({ 'If-Range': value, Range: single(random, size), 'If-None-Match': '"other"' });
  }
  return requests;
}
