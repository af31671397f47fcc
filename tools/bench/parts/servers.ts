import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bundle } from '#infra/bundle.ts';
import { basePath, operations } from '#lib/operations/table.ts';
import { freePort } from '#local/loopback.ts';
import { eventOf, textsOf, type Call } from '../../calls.ts';
import { bundleFile, type BenchContext, type Part } from '../context.ts';
import { inTurns, megabytes, number, spread, spreadOf, type Spread } from '../figures.ts';
import {
  endOf,
  outputOf,
  peakMemory,
  processFile,
  processorTime,
  runProgram,
  startServer,
  type ServerProgram,
} from '../processes.ts';

const names = {
  gateway: 'gateway',
  undici: 'node:http + undici',
  hono: 'hono + fetch',
  fastify: 'fastify + http-proxy',
  express: 'express + axios',
  nginx: 'nginx',
} as const;

type ServerName = keyof typeof names;

/** A server under load; memory and processor time are NaN outside Linux. */
interface ServerFigures {
  name: ServerName;
  /** Successful responses a second. */
  rate: Spread;
  /** The rate divided by that of express + axios in the same round. */
  ratio: Spread;
  /** Microseconds for each response. */
  processor: Spread;
  /** The mean, in milliseconds. */
  latency: Spread;
  p99: Spread;
  peakBytes: number;
}

/** The servers under load. */
export interface ServersResult {
  connections: number;
  figures: ServerFigures[];
  /** Whether nginx is installed. */
  nginx: boolean;
}

const connections = 50;

/** Loads the servers in turns; each checks a key, signs and forwards. */
export const servers: Part<ServersResult> = {
  title: 'As HTTP servers: check a key, sign, forward; fifty connections',
  async measure(context) {
    const { quick, signal, report, peerCall: call, peerVariables: variables } = context;
    const { rounds, seconds } = quick ? { rounds: 1, seconds: 2 } : { rounds: 5, seconds: 3 };
    const started = new Map<ServerName, ServerProgram>();
    try {
      started.set('gateway', await startGatewayServer(context));
      for (const name of ['undici', 'hono', 'fastify', 'express'] as const) {
        const file = join(import.meta.dirname, '../peers', name, 'server.mjs');
        started.set(name, await startServer({ args: [file], variables, signal }));
      }
      const nginx = (await nginxVersion()) !== undefined;
      if (nginx) started.set('nginx', await startNginx(context));
      report('servers: warming up');
      // The compiler optimizes a server during its first ten thousand calls or so.
      const load = { call, connections, seconds };
      for (const server of started.values()) await loadServer(server, { ...load, seconds: 2 * seconds + 2 }, signal);
      const results = await inTurns('servers', [...started.keys()], rounds, context, async (name) => {
        const server = started.get(name);
        return server && loadServer(server, load, signal);
      });
      const of = (name: ServerName, figure: (result: LoadResult) => number) =>
        (results.get(name) ?? []).map((result) => (result === undefined ? Number.NaN : figure(result)));
      const rateOfExpress = of('express', ({ rate }) => rate);
      return {
        connections,
        nginx,
        figures: [...started.keys()].map((name) => ({
          name,
          rate: spreadOf(of(name, ({ rate }) => rate)),
          ratio: spreadOf(of(name, ({ rate }) => rate).map((rate, round) => rate / (rateOfExpress[round] ?? NaN))),
          processor: spreadOf(of(name, ({ processor }) => processor)),
          latency: spreadOf(of(name, ({ latencyMs }) => latencyMs.mean)),
          p99: spreadOf(of(name, ({ latencyMs }) => latencyMs.p99)),
          peakBytes: of(name, ({ peak }) => peak).at(-1) ?? Number.NaN,
        })),
      };
    } finally {
      await Promise.all([...started.values()].map((server) => server.stop()));
    }
  },
  table: ({ figures }) => [
    ['server', 'responses a second', '× express + axios', 'µs of the processor', 'ms, mean', 'ms, p99', 'peak MB'],
    ...figures.map(({ name, rate, ratio, processor, latency, p99, peakBytes }) => [
      names[name],
      spread(rate, 0),
      spread(ratio),
      spread(processor, 0),
      number(latency.median, 1),
      number(p99.median),
      megabytes(peakBytes),
    ]),
  ],
};

/** Starts the gateway's function for the peers' call as a server. */
export async function startGatewayServer(context: BenchContext): Promise<ServerProgram> {
  const { folder, peerCall, variablesOf, signal } = context;
  // Without a bundle, the process would contain Node's TypeScript compiler.
  const [server] = await bundle(join(folder, 'gateway-server'), { server: processFile('gateway-server.ts') });
  const name = 'users-id-user-get';
  const { method, path } = operations[peerCall.operation];
  const parameters = JSON.stringify(textsOf(peerCall.path ?? {}));
  const args = [server?.file ?? '', bundleFile(context, name), name, `${method} ${basePath}${path}`, parameters];
  return startServer({ args, variables: variablesOf(name), signal });
}

/** The load on a server. */
export interface Load {
  call: Call;
  connections: number;
  seconds: number;
}

/** A server's performance under load. */
export interface LoadResult {
  /** Successful responses a second. */
  rate: number;
  latencyMs: { mean: number; p99: number };
  /** The server's processor time for each response, in microseconds. */
  processor: number;
  /** The server's peak memory so far, in bytes. */
  peak: number;
}

/** Loads a server from another process. Rejects when a response is no success. */
export async function loadServer({ url, pid }: ServerProgram, load: Load, signal: AbortSignal): Promise<LoadResult> {
  const { rawPath, headers } = eventOf(load.call);
  const options = {
    url: url + rawPath,
    headers: { accept: headers['accept'], authorization: headers['authorization'] },
    connections: load.connections,
    duration: load.seconds,
  };
  const before = await processorTime(pid);
  const { answers, failed, rate, latencyMs } = await runProgram<
    Pick<LoadResult, 'rate' | 'latencyMs'> & { answers: number; failed: number }
  >({ args: [join(import.meta.dirname, '../peers/load.mjs'), JSON.stringify(options)], signal });
  const processor = (await processorTime(pid)) - before;
  if (failed > 0) throw new Error(`${failed} calls of ${url} failed under load`);
  return { rate, latencyMs, processor: processor / answers, peak: await peakMemory(pid) };
}

/** The installed nginx, for example `nginx 1.26.0`; undefined without one. */
export async function nginxVersion(): Promise<string | undefined> {
  const [, version] = /nginx\/([\d.]+)/.exec((await outputOf('nginx', ['-v'])) ?? '') ?? [];
  return version && `nginx ${version}`;
}

/** Starts nginx with one worker process, whose pid it returns. Rejects when nginx does not start. */
async function startNginx(context: BenchContext): Promise<ServerProgram> {
  const { folder, signal } = context;
  const prefix = join(folder, 'nginx');
  await mkdir(prefix, { recursive: true });
  const port = await freePort();
  await writeFile(join(prefix, 'nginx.conf'), nginxConfiguration(context, port));
  const child = spawn('nginx', ['-p', prefix, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: 'ignore', signal });
  const ended = endOf(child);
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill();
    await ended;
  };
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt += 1) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    if (answer?.status === 401) {
      const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => '');
      return { url, printed: {}, pid: Number(children.split(' ')[0]), stop };
    }
    await setTimeout(50, undefined, { signal });
  }
  await stop();
  throw new Error('nginx does not start');
}

const nginxConfiguration = ({ peerCall, peerVariables, upstream }: BenchContext, port: number): string => `
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
  map $http_authorization $known { default 0; "${peerCall.headers?.['authorization']}" 1; }
  upstream budgea { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      if ($known = 0) { return 401; }
      proxy_pass http://budgea;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer ${peerVariables['MANAGE_TOKEN']}";
    }
  }
}
`;
