// A TCP proxy in front of another server that can disturb its connections.
//
//   const proxy = await startProxy(redis.socket);   // or a port of 127.0.0.1
//   proxy.url;                       // redis://127.0.0.1:PORT
//   proxy.mode = 'black hole';       // for existing and new connections
//   proxy.reset();                   // ends all of them

import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

// 'pass'; 'black hole': nothing passes in either direction; 'delay': each piece is late; 'drip': a few bytes at a time.
export const modes = ['black hole', 'delay', 'drip'];
const delayMs = 700;
const dripBytes = 16;
const dripMs = 20;

export async function startProxy(target) {
  const proxy = new Proxy(target);
  await proxy.listen();
  return proxy;
}

class Proxy {
  #target;
  #server;
  #pairs = new Set();
  mode = 'pass';

  constructor(target) {
    this.#target = target;
  }

  listen() {
    this.#server = net.createServer((client) => this.#accept(client));
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port() {
    return this.#server.address().port;
  }

  get url() {
    return `redis://127.0.0.1:${this.port}`;
  }

  #accept(client) {
    const server = net.connect(this.#target);
    const pair = { client, server };
    this.#pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay?.(true);
      from.on('error', () => {});
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
      this.#pump(from, to).catch(() => to.destroy());
    }
  }

  async #pump(from, to) {
    for await (const piece of from) {
      if (this.mode === 'black hole') continue;
      if (this.mode === 'delay') await pause(delayMs);
      if (this.mode === 'drip') {
        for (let at = 0; at < piece.length; at += dripBytes) {
          to.write(piece.subarray(at, at + dripBytes));
          if (this.mode === 'drip') await pause(dripMs);
        }
        continue;
      }
      to.write(piece);
    }
    to.end();
  }

  /** Ends every connection with a reset, so that bytes held by a black hole never arrive out of order. */
  reset() {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy?.() ?? client.destroy();
      server.destroy();
    }
  }

  async stop() {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
