import { fastify } from 'fastify';
import { freePort, requireLoopback, type RunningServer } from '../loopback.ts';
import { openStore, type Store } from '../store.ts';
import { serveBank } from './bank.ts';
import { openBudgea } from './budgea.ts';
import { answerError, answerErrors, BudgeaError, envelope } from './errors.ts';
import { serveApi } from './http/api.ts';
import { readBodies } from './http/bodies.ts';
import { createCallList, type RecordedCall } from './http/call-list.ts';
import { serveControl } from './http/control.ts';
import { createFailures, createLatency } from './http/failures.ts';
import type { ContractOptions } from './state/contract.ts';

/** The settings of a sandbox and its contract. */
export interface SandboxOptions extends ContractOptions {
  /** 0 selects a free port. */
  port: number;
  /** The folder of the state, which is only in memory by default. */
  folder?: string;
  /** The console's whitelist; a URI must match exactly, without a query. */
  redirectUris: string[];
  certificateTypes?: string[];
  /** Called after each call of the API. */
  onCall?: ((call: RecordedCall) => void) | undefined;
  /** Called after each change through a control route, and when a planned failure is used. */
  onControl?: (() => void) | undefined;
}

/** A running sandbox; its `url` ends with `/2.0`. */
export interface RunningSandbox extends RunningServer {
  /** Returns the sandbox's time, in milliseconds since the epoch. */
  now(): number;
}

const HOST = '127.0.0.1';

/** Starts a stateful sandbox of Budgea on loopback. Rejects with EADDRINUSE when the port is in use. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  // The port before the folder: a second sandbox then reports the port.
  await freePort(options.port);
  const store = await openStore(options.folder);
  try {
    return await serve(options, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(options: SandboxOptions, store: Store): Promise<RunningSandbox> {
  const { certificateTypes = ['qwac', 'qseal'], onCall, onControl } = options;
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true, frameworkErrors: answerError });
  let port = options.port;
  const origin = () => `http://${HOST}:${port}`;
  const budgea = await openBudgea(store, { ...options, certificateTypes }, origin);
  const calls = createCallList(budgea.clock.now, certificateTypes, onCall);
  const served = { budgea, calls, failures: createFailures(onControl), latency: createLatency() };

  requireLoopback(app.server, (message) => ({
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(envelope(new BudgeaError('forbidden', message))),
  }));
  readBodies(app);
  answerErrors(app);
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  app.register(async (scope) => serveApi(scope, served), { prefix: '/2.0' });
  app.register(async (scope) => serveControl(scope, { ...served, onControl }), { prefix: '/_sandbox' });
  app.register(async (scope) => serveBank(scope, budgea), { prefix: '/bank' });
  const address = await app.listen({ host: HOST, port });
  port = Number(new URL(address).port);

  return {
    url: `${origin()}/2.0`,
    port,
    now: budgea.clock.now,
    async close() {
      await app.close();
      await budgea.jwts.ready;
      await store.close();
    },
  };
}
