import { fastify } from 'fastify';
import { createServer } from 'node:net';
import { requireLoopback } from '../loopback.ts';
import { openStore, type Store } from '../store.ts';
import { serveBank } from './bank/bank.ts';
import { openBudgea } from './budgea.ts';
import { BudgeaError } from './errors.ts';
import { serveApi } from './http/api.ts';
import { readBodies } from './http/bodies.ts';
import { createCallList, type RecordedCall } from './http/call-list.ts';
import { serveControl } from './http/control.ts';
import { answerError, answerErrors, envelope } from './http/errors.ts';
import { createFailures } from './http/failures.ts';
import { createLatency } from './http/latency.ts';

/** Where a sandbox listens, where it keeps its state, and what its one contract is configured with. */
export interface SandboxOptions {
  /** 0 for any free port. */
  port: number;
  /** Without one, the state lives in memory alone. */
  folder?: string;
  client: { client_id: number; client_secret: string };
  adminToken: string;
  /** The console's whitelist: compared to the letter, without a query. */
  redirectUris: string[];
  /** By default two. */
  certificateTypes?: string[];
  /** Told of each call of the API when it is answered. */
  onCall?: ((call: RecordedCall) => void) | undefined;
  /** Told when something was controlled, or one of the failures that were asked for was met. */
  onControl?: (() => void) | undefined;
}

/** A sandbox that answers. */
export interface RunningSandbox {
  /** `http://127.0.0.1:PORT/2.0` */
  url: string;
  port: number;
  /** The sandbox's time, in milliseconds since the epoch. */
  now(): number;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CERTIFICATE_TYPES = ['qwac', 'qseal'];

/** Starts a stateful stand-in for Budgea on loopback. Rejects with the error `EADDRINUSE` when the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  // Asked first: a sandbox that already runs holds the state folder too, and the port is the clearer complaint.
  await requireFreePort(options.port);
  const store = await openStore(options.folder);
  try {
    return await serve(options, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(options: SandboxOptions, store: Store): Promise<RunningSandbox> {
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true, frameworkErrors: answerError });
  const certificateTypes = options.certificateTypes ?? CERTIFICATE_TYPES;
  let port = options.port;
  const origin = () => `http://${HOST}:${port}`;
  const budgea = await openBudgea(store, { ...options, certificateTypes }, origin);
  const calls = createCallList(budgea.clock.now, certificateTypes, options.onCall);
  const served = { budgea, calls, failures: createFailures(options.onControl), latency: createLatency() };

  requireLoopback(app.server, (message) => ({
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(envelope(new BudgeaError('forbidden', message))),
  }));
  readBodies(app);
  answerErrors(app);
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  app.register(async (scope) => serveApi(scope, served), { prefix: '/2.0' });
  app.register(async (scope) => serveControl(scope, { ...served, onControl: options.onControl }), {
    prefix: '/_sandbox',
  });
  app.register(async (scope) => serveBank(scope, budgea), { prefix: '/bank' });
  const address = await app.listen({ host: HOST, port });
  port = Number(new URL(address).port);

  return {
    url: `${origin()}/2.0`,
    port,
    now: budgea.clock.now,
    async close() {
      await app.close();
      await budgea.settled();
      await store.close();
    },
  };
}

async function requireFreePort(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const probe = createServer().once('error', reject);
  probe.listen({ host: HOST, port }, () => probe.close(() => resolve()));
  await promise;
}
