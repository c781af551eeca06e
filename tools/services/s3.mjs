// An S3 server (npm s3rver) on a free port of 127.0.0.1, with its objects in a temporary directory.
//
//   const s3 = await startS3();
//   s3.environment('bucket')   // makes the bucket; STORAGE_URL and the keys, for tapedeck
//   await s3.objects('bucket') // the keys in it
//   await s3.destroy();

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, mkdir, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = path.join(path.dirname(fileURLToPath(import.meta.url)), 'node_modules/s3rver/bin/s3rver.js');
const key = 'S3RVER'; // the one that it knows
const suffix = '._S3rver_object';
const uploadsFolder = '._S3rver_uploads';

/**
 * @param {{folder?: string, detached?: boolean}} options a new or existing folder in which the objects stay; whether Ctrl-C in
 *     the terminal spares it
 */
export async function startS3({ folder, detached = false } = {}) {
  const directory = folder ?? (await mkdtemp(path.join(os.tmpdir(), 'tapedeck-s3-')));
  const s3 = new S3(directory, { isKept: folder !== undefined, detached });
  await s3.start();
  return s3;
}

export class S3 {
  #child;
  #exited;
  #end = () => {
    this.#child.kill('SIGKILL');
    if (!this.#isKept) rmSync(this.directory, { recursive: true, force: true });
  };
  #isKept;
  #detached;

  constructor(directory, { isKept, detached }) {
    this.directory = directory;
    this.port = 0;
    this.#isKept = isKept;
    this.#detached = detached;
  }

  async start() {
    const child = spawn(process.execPath, [script, '--silent', '--directory', path.join(this.directory, 'data'), '--address',
      '127.0.0.1', '--port', String(this.port)], { stdio: ['ignore', 'pipe', 'inherit'], detached: this.#detached });
    this.#child = child;
    this.#exited = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    process.once('exit', this.#end);
    for await (const line of createInterface({ input: child.stdout })) {
      const found = /listening on \S*?:(\d+)/.exec(line);
      if (!found) continue;
      this.port = Number(found[1]);
      return this;
    }
    throw new Error('s3rver ended before it listened');
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Makes the bucket and returns the settings for tapedeck; `url` for another address of the server. */
  async environment(bucket, url = this.url) {
    await mkdir(path.join(this.directory, 'data', bucket), { recursive: true });
    return {
      STORAGE_URL: `s3://${bucket}?endpoint=${encodeURIComponent(url)}&region=us-east-1`,
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: key,
    };
  }

  /** Path and file of each object in the bucket. */
  async objects(bucket) {
    const root = path.join(this.directory, 'data', bucket);
    const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(() => []);
    return entries
      .filter((entry) => entry.name.endsWith(suffix))
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
      .map((file) => ({ key: path.relative(root, file).slice(0, -suffix.length), file }));
  }

  /** The multipart uploads of the bucket that are neither complete nor aborted. */
  async uploads(bucket) {
    return readdir(path.join(this.directory, 'data', bucket, uploadsFolder)).catch((error) => {
      if (error.code === 'ENOENT') return []; // there never was any
      throw error;
    });
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Lets this process end before the server. */
  unref() {
    this.#child.unref();
    this.#child.stdout.unref();
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#exited;
    process.removeListener('exit', this.#end);
  }

  async destroy() {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
