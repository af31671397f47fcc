import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { flag, integer, invalid, requiredText, text } from '../parameters.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { ANSWERS, type Failures } from './failures.ts';
import type { Latency } from './latency.ts';

interface Controlled {
  budgea: Budgea;
  calls: CallList;
  failures: Failures;
  latency: Latency;
  /** Told of everything that was asked for. */
  onControl?: (() => void) | undefined;
}

/** The routes under `/_sandbox`, which no Budgea has: time, the call list, and what an operator would change at the bank. */
export function serveControl(
  app: FastifyInstance,
  { budgea, calls, failures, latency, onControl = () => {} }: Controlled,
): void {
  app.addHook('onResponse', async ({ method }) => {
    if (method !== 'GET') onControl();
  });
  const post = (url: string, handler: RouteHandlerMethod) => app.route({ method: 'POST', url, handler });

  /** `{"advance": seconds}` → `{"now": milliseconds since the epoch}`. Time only goes forward, and persists. */
  post('/clock', async (request) => {
    const seconds = Number(requiredText(bodyOf(request), 'advance'));
    if (!(seconds >= 0 && seconds <= 1e10)) throw invalid('advance');
    await budgea.clock.advance(seconds);
    return { now: budgea.clock.now() };
  });
  /** → `{"now": milliseconds since the epoch, "ahead": seconds that it was moved}`. */
  app.get('/clock', () => ({ now: budgea.clock.now(), ahead: budgea.clock.ahead() }));

  /** `{"milliseconds"}`: how long every call of the API waits from now on before anything is done, a minute at most. */
  post('/latency', async (request, reply) => {
    const milliseconds = Number(requiredText(bodyOf(request), 'milliseconds'));
    if (!(milliseconds >= 0 && milliseconds <= 60_000)) throw invalid('milliseconds');
    latency.set(milliseconds);
    return reply.code(204).send();
  });
  app.get('/latency', () => ({ milliseconds: latency.get() }));

  /** → `{"calls": […]}`: the last 10,000 calls of the API since the process started, newest last, without any value. */
  app.get('/calls', () => ({ calls: calls.all() }));
  app.delete('/calls', async (_request, reply) => {
    calls.empty();
    return reply.code(204).send();
  });

  /** `{"type"}` → the new certificate, from now on the latest of its type. */
  post('/certificates', async (request) => {
    const certificate = await budgea.certificates.renew(requiredText(bodyOf(request), 'type'));
    if (certificate === undefined) throw invalid('type');
    return certificate;
  });

  /** `{"jti"}` or `{"all": true}` → `{"revoked": how many}`: those manage JWTs answer `invalidToken` from now on. */
  post('/manage-tokens/revoke', async (request) => {
    const body = bodyOf(request);
    const which = flag(body, 'all') === true ? 'all' : { jti: requiredText(body, 'jti') };
    return { revoked: await budgea.jwts.revokeManageTokens(which) };
  });

  /** `{"token"}`: the admin manage token that counts from now on, instead of the one before. */
  post('/admin-token', async (request, reply) => {
    await budgea.contract.rotateAdminToken(requiredText(bodyOf(request), 'token'));
    return reply.code(204).send();
  });

  /** `{"client_secret"}`: the client secret that counts from now on, instead of the one before. */
  post('/client', async (request, reply) => {
    await budgea.contract.rotateClientSecret(requiredText(bodyOf(request), 'client_secret'));
    return reply.code(204).send();
  });

  /** `{"answer", "path"?, "times"?: 1, "retry_after"?: 1}`: what the next calls meet, or every call with `"times": "always"`; see `Failure`. */
  post('/failures', async (request, reply) => {
    const body = bodyOf(request);
    const answer = ANSWERS.find((known) => known === requiredText(body, 'answer'));
    if (answer === undefined) throw invalid('answer');
    const times = body['times'] === 'always' ? Infinity : (integer(body, 'times') ?? 1);
    failures.plan({ answer, path: text(body, 'path'), retryAfter: integer(body, 'retry_after') ?? 1, times });
    return reply.code(204).send();
  });
  /** → `{"failures": [{"answer", "path"?, "times"}]}`: those that are still to come. */
  app.get('/failures', () => ({
    failures: failures
      .all()
      .map(({ answer, path, times }) => ({ answer, path, times: times === Infinity ? 'always' : times })),
  }));
  app.delete('/failures', async (_request, reply) => {
    failures.clear();
    return reply.code(204).send();
  });
}
