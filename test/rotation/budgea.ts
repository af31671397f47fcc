import { randomBytes } from 'node:crypto';
import { fastify } from 'fastify';
import { openBudgea, type Budgea } from '#local/sandbox/budgea.ts';
import { serveApi } from '#local/sandbox/http/api.ts';
import { readBodies } from '#local/sandbox/http/bodies.ts';
import { createCallList } from '#local/sandbox/http/call-list.ts';
import { createFailures } from '#local/sandbox/http/failures.ts';
import { createLatency } from '#local/sandbox/http/latency.ts';
import type { JwtRow } from '#local/sandbox/state/jwts.ts';
import { openStore } from '#local/store.ts';

/** The certificate types that upstream has and the gateway keeps. */
export const certificateTypes = ['qwac', 'qseal'];

/** A sandbox Budgea that answers. */
export interface RunningBudgea {
  /** Its origin. */
  url: string;
  adminToken: string;
  /** What it knows, to be looked at and changed. */
  budgea: Budgea;
  /** Every JWT that was issued and not revoked. */
  jwts(): JwtRow[];
  close(): Promise<void>;
}

/** Starts a sandbox whose JWTs name another origin as their audience: what stands in front of it, by which alone the functions know it. */
export async function startBudgea(origin: () => string): Promise<RunningBudgea> {
  const store = await openStore();
  const app = fastify({ exposeHeadRoutes: false, forceCloseConnections: true });
  const adminToken = randomBytes(48).toString('base64url');
  const client = { client_id: 12_345_678, client_secret: 'nobody asks for it' };
  const budgea = await openBudgea(store, { client, adminToken, redirectUris: [], certificateTypes }, origin);
  const served = {
    budgea,
    calls: createCallList(budgea.clock.now, certificateTypes),
    failures: createFailures(),
    latency: createLatency(),
  };
  readBodies(app);
  app.register(async (scope) => serveApi(scope, served), { prefix: '/2.0' });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, adminToken, budgea, jwts: () => store.table<JwtRow>('jwts').values(), close: () => app.close() };
}
