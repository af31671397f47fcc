import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';
import { endOf, outputOf, type ServerProgram } from '../programs.ts';

/** Which nginx is installed, `nginx/1.26.0` for example; undefined when there is none. */
export async function nginxVersion(): Promise<string | undefined> {
  return /nginx\/[\d.]+/.exec((await outputOf('nginx', ['-v'])) ?? '')?.[0];
}

/** What nginx does: one key, and what it is replaced by. */
export interface NginxJob {
  /** The `Authorization` header that is let in. */
  known: string;
  /** The one that goes on. */
  signed: string;
  /** An origin. */
  upstream: string;
}

/** Starts nginx with one worker process, which checks a key, signs and forwards. Its pid is the worker's. Rejects when it does not start. */
export async function startNginx(folder: string, job: NginxJob, signal: AbortSignal): Promise<ServerProgram> {
  const prefix = join(folder, 'nginx');
  await mkdir(prefix, { recursive: true });
  const port = await freePort();
  await writeFile(join(prefix, 'nginx.conf'), configuration(job, port));
  const child = spawn('nginx', ['-p', prefix, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'ignore', signal });
  const ended = endOf(child);
  const url = `http://127.0.0.1:${port}`;
  for (let look = 0; look < 100 && child.exitCode === null; look += 1) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    if (answer?.status === 401) {
      return {
        url,
        told: {},
        pid: await workerOf(child.pid ?? 0),
        async stop() {
          child.kill();
          await ended;
        },
      };
    }
    await setTimeout(50, undefined, { signal });
  }
  child.kill();
  throw new Error('nginx does not start');
}

async function workerOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).split(' ')[0]);
}

const configuration = ({ known, signed, upstream }: NginxJob, port: number): string => `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path client;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000;
  map_hash_bucket_size 512;
  map $http_authorization $known { default 0; "${known}" 1; }
  upstream budgea { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      if ($known = 0) { return 401; }
      proxy_pass http://budgea;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "${signed}";
    }
  }
}
`;
