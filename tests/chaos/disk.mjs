// The disk of the processes under test, which can be filled: a tmpfs, and a ballast file that takes the free space. Where no
// tmpfs may be mounted, it is an ordinary folder, and files are prevented from growing instead.
//
//   const disk = await startDisk(64);
//   disk.directory;  disk.what;      // its path, and its kind for the log
//   await disk.fill(pids);           // repeat now and then, so that space that others free is taken too
//   await disk.free(pids);
//   await disk.stop();

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const blockBytes = 4096;
const blocksAtOnce = 256;

// Keeps the mount as long as its parent lives: the pipe closes at any end of the parent, kill -9 included. It has its own
// session, so that a signal to all processes of a terminal does not end it. It unmounts lazily, because some processes may
// still be ending.
const keeper = `
  mount -t tmpfs -o "size=$2m,mode=0700" tapedeck-chaos "$1" || exit 1
  echo mounted
  read -r nothing
  umount --lazy "$1"
  rmdir "$1"
`;

export async function startDisk(megabytes, { mayMount = true } = {}) {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tapedeck-disk-'));
  const refusal = mayMount ? await mount(directory, megabytes) : { message: 'not wanted' };
  if (refusal.keeper) return new Tmpfs(directory, megabytes, refusal.keeper);
  return new LimitedFiles(directory, refusal.message);
}

async function mount(directory, megabytes) {
  const child = spawn('sh', ['-c', keeper, 'keeper', directory, String(megabytes)], { detached: true });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const failed = once(child, 'close').then(() => ({ message: said.trim() || 'mount failed' }));
  const mounted = once(child.stdout, 'data').then(() => ({ keeper: child }));
  return Promise.race([mounted, failed]);
}

class Tmpfs {
  #keeper;
  #ballast;
  #block = Buffer.alloc(blockBytes * blocksAtOnce);

  constructor(directory, megabytes, keeper) {
    this.directory = directory;
    this.what = `a tmpfs of ${megabytes} MB`;
    this.#keeper = keeper;
  }

  async fill() {
    this.#ballast ??= await open(path.join(this.directory, 'ballast'), 'a');
    for (let length = this.#block.length; length >= blockBytes; ) {
      try {
        await this.#ballast.write(this.#block, 0, length);
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
        length = length > blockBytes ? blockBytes : 0;
      }
    }
  }

  async free() {
    await this.#ballast?.truncate(0);
    await this.#ballast?.close();
    this.#ballast = undefined;
  }

  async stop() {
    await this.#ballast?.close();
    const ended = once(this.#keeper, 'close');
    this.#keeper.stdin.end();
    await ended;
  }
}

// A write beyond the limit fails as one on a full disk does (EFBIG).
class LimitedFiles {
  constructor(directory, why) {
    this.directory = directory;
    this.what = `files that may not grow, because no tmpfs could be mounted (${why})`;
  }

  fill(pids) {
    limit(pids, 0);
  }

  free(pids) {
    limit(pids, 'unlimited');
  }

  stop() {
    return rm(this.directory, { recursive: true, force: true });
  }
}

function limit(pids, bytes) {
  // A process may have ended meanwhile.
  for (const pid of pids) spawnSync('prlimit', [`--fsize=${bytes}:unlimited`, '--pid', String(pid)]);
}
