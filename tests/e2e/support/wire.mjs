// Reads an HTTP/1.1 answer byte by byte, for tests of the bytes on the connection.

import net from 'node:net';

const untilTimeoutMs = 30_000;

/**
 * Sends a request on its own connection.
 * @param {string} url of the server
 * @param {string} target path and query
 * @param {{method?: string, headers?: object, account?: {sid: string, token: string}}} options
 * @returns {Exchange}
 */
export function open(url, target, options = {}) {
  const { hostname, port } = new URL(url);
  const headers = { Host: `${hostname}:${port}`, ...options.headers };
  if (options.account) {
    const login = `${options.account.sid}:${options.account.token}`;
    headers.Authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  }
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `${options.method ?? 'GET'} ${target} HTTP/1.1\r\n${fields.join('')}\r\n`;
  return new Exchange(net.connect(Number(port), hostname), text);
}

/** The bytes received on one connection so far. */
export class Exchange {
  #waiting = [];

  constructor(socket, text) {
    this.socket = socket;
    this.received = Buffer.alloc(0);
    /** undefined while it is open, then "fin" or the code of the error, such as "ECONNRESET". */
    this.ended = undefined;
    socket.on('connect', () => socket.write(text));
    socket.on('data', (data) => this.#changed(() => (this.received = Buffer.concat([this.received, data]))));
    socket.on('end', () => this.#changed(() => (this.ended ??= 'fin')));
    socket.on('error', (error) => this.#changed(() => (this.ended ??= error.code)));
  }

  #changed(change) {
    change();
    this.#waiting = this.#waiting.filter(({ condition, resolve }) => {
      if (!condition(this)) return true;
      resolve(this);
      return false;
    });
  }

  /** Resolves once `condition(this)` holds; rejects when it does not in time. */
  until(condition) {
    if (condition(this)) return Promise.resolve(this);
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`waited in vain; ended: ${this.ended}, received: ${this.received.length} bytes`));
      const timer = setTimeout(late, untilTimeoutMs);
      const done = (self) => {
        clearTimeout(timer);
        resolve(self);
      };
      this.#waiting.push({ condition, resolve: done });
    });
  }

  untilEnded() {
    return this.until(() => this.ended !== undefined);
  }

  untilBody(bytes) {
    return this.until(() => this.body.length >= bytes);
  }

  get headerLength() {
    const end = this.received.indexOf('\r\n\r\n');
    return end < 0 ? undefined : end + 4;
  }

  /** Everything after the header, with the chunk marks of a chunked body. */
  get body() {
    return this.headerLength === undefined ? Buffer.alloc(0) : this.received.subarray(this.headerLength);
  }

  get status() {
    return Number(this.received.toString('latin1', 9, 12));
  }

  /** Value of a header field, or undefined. */
  header(name) {
    const head = this.received.toString('latin1', 0, this.headerLength);
    const line = head.split('\r\n').find((text) => text.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return line?.slice(name.length + 1).trim();
  }

  /** Ends the connection: with FIN, or with RST. */
  close() {
    this.socket.destroy();
  }
}

/** Removes the chunk marks from a body (RFC 9112 §7.1). */
export function unchunk(body) {
  const parts = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) return { data: Buffer.concat(parts), isWhole: false };
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (size === 0) return { data: Buffer.concat(parts), isWhole: true };
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
