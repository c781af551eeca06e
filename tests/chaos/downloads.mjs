// Finds the process of each open download at the provider, by the log of the provider and the ports of the process's sockets.

import { readFile, readdir, readlink } from 'node:fs/promises';

/** Ports of this machine from which the process `pid` is connected to port `remote`. */
async function localPorts(pid, remote) {
  const inodes = new Set();
  for (const name of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const link = await readlink(`/proc/${pid}/fd/${name}`).catch(() => '');
    const socket = /^socket:\[(\d+)\]$/.exec(link);
    if (socket) inodes.add(socket[1]);
  }
  const ports = new Set();
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields.length < 10 || !inodes.has(fields[9])) continue;
    if (parseInt(fields[2].split(':')[1], 16) === remote) ports.add(parseInt(fields[1].split(':')[1], 16));
  }
  return ports;
}

export class Downloads {
  #sim;
  #seen = 0;
  #portOf = new Map(); // connection -> client's port
  #open = new Map(); // connection -> downloads

  constructor(sim) {
    this.#sim = sim;
  }

  async #look() {
    for (const event of await this.#sim.log(this.#seen)) {
      this.#seen = event.n + 1;
      if (event.event === 'accept') this.#portOf.set(event.connection, event.peer_port);
      if (event.event === 'close') this.#portOf.delete(event.connection);
      if (event.resource !== 'media') continue;
      const before = this.#open.get(event.connection) ?? 0;
      if (event.event === 'request') this.#open.set(event.connection, before + 1);
      if (event.event === 'end') this.#open.set(event.connection, before - 1);
    }
  }

  /** Number of downloads of this process that are open at the provider. */
  async openOf(pid) {
    const ports = await localPorts(pid, this.#sim.port);
    await this.#look();
    let count = 0;
    for (const [connection, downloads] of this.#open) {
      if (downloads > 0 && ports.has(this.#portOf.get(connection))) count += downloads;
    }
    return count;
  }
}
