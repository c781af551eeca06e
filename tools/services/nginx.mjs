// An nginx on a free port, which serves a folder or is a proxy.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';

import { freePort } from './free_port.mjs';

const ATTEMPTS = 5;

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}

function configuration(folder, port, { http, workers }) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${path.join(folder, `nginx-${name}`)};`,
  );
  return `${process.getuid() === 0 ? 'user root;' : ''}
daemon off; ${workers ? `worker_processes ${workers};` : 'master_process off;'} pid ${path.join(folder, 'nginx.pid')}; error_log ${path.join(folder, 'nginx-error.log')};
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush on; default_type audio/mpeg; ${temporary.join(' ')}
  ${http(port)}
}
`;
}

/**
 * @param {string} folder for its files; nginx serves it unless `http` says otherwise
 * @param {{http?: (port: number) => string, workers?: number, port?: number, detached?: boolean}} options the content of its
 *     http block; its number of workers, by default one; its port, by default a free one; whether Ctrl-C in the terminal
 *     spares it
 * @returns {Promise<{port: number, stop: function}>}
 */
export async function startNginx(folder, { http, workers, port: wanted, detached = false } = {}) {
  const does = { http: http ?? ((port) => `server { listen 127.0.0.1:${port}; root ${folder}; }`), workers };
  const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find(existsSync) ?? 'nginx';
  await chmod(folder, 0o755);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = wanted ?? (await freePort()); // somebody else may take it before nginx does: then another is tried
    const file = path.join(folder, 'nginx.conf');
    await writeFile(file, configuration(folder, port, does));
    const child = spawn(program, ['-e', path.join(folder, 'nginx-error.log'), '-c', file], { stdio: 'ignore', detached });
    const ended = new Promise((resolve) => {
      child.once('error', () => resolve('failed'));
      child.once('exit', () => resolve('ended'));
    });
    while (child.exitCode === null && child.pid) {
      if (await answers(port)) {
        return {
          port,
          async stop() {
            child.kill(workers ? 'SIGTERM' : 'SIGKILL'); // its workers end with it, when it is asked
            await ended;
          },
        };
      }
    }
    if (!child.pid) throw new Error(`${program} cannot be started; install nginx-light`);
  }
  throw new Error('nginx did not start; see nginx-error.log');
}
