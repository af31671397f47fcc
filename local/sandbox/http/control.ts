import type { FastifyInstance, FastifyReply, RouteHandlerMethod } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { flag, integer, invalid, requiredText, text } from '../call.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { ANSWERS, type Failures, type Latency } from './failures.ts';

interface Controlled {
  budgea: Budgea;
  calls: CallList;
  failures: Failures;
  latency: Latency;
  /** Called after each change. */
  onControl?: (() => void) | undefined;
}

/** Serves the control routes under `/_sandbox`: the clock, the call list, failures, and changes on Budgea's side. */
export function serveControl(
  app: FastifyInstance,
  { budgea, calls, failures, latency, onControl = () => {} }: Controlled,
): void {
  app.addHook('onResponse', async ({ method }) => {
    if (method !== 'GET') onControl();
  });
  const post = (url: string, handler: RouteHandlerMethod) => app.route({ method: 'POST', url, handler });

  /** `{"advance": seconds}` → `{"now": milliseconds since the epoch}`. The clock only moves forward, and persists. */
  post('/clock', async (request) => {
    await budgea.clock.advance(numberIn(bodyOf(request), 'advance', 1e10));
    return { now: budgea.clock.now() };
  });
  /** → `{"now": milliseconds since the epoch, "ahead": seconds ahead of the machine}`. */
  app.get('/clock', () => ({ now: budgea.clock.now(), ahead: budgea.clock.ahead() }));

  /** `{"milliseconds"}`: delays every call of the API, by one minute at most. */
  post('/latency', async (request, reply) => {
    latency.set(numberIn(bodyOf(request), 'milliseconds', 60_000));
    return done(reply);
  });
  app.get('/latency', () => ({ milliseconds: latency.get() }));

  /** → `{"calls": […]}`: the last 10,000 calls of the API since the process started, newest last, without values. */
  app.get('/calls', () => ({ calls: calls.all() }));
  app.delete('/calls', async (_request, reply) => {
    calls.clear();
    return done(reply);
  });

  /** `{"type"}` → the new certificate, now the latest of its type. */
  post('/certificates', async (request) => {
    const certificate = await budgea.certificates.renew(requiredText(bodyOf(request), 'type'));
    if (certificate === undefined) throw invalid('type');
    return certificate;
  });

  /** `{"jti"}` or `{"all": true}` → `{"revoked": number}`: those manage JWTs are answered `invalidToken`. */
  post('/manage-tokens/revoke', async (request) => {
    const body = bodyOf(request);
    const which = flag(body, 'all') === true ? 'all' : { jti: requiredText(body, 'jti') };
    return { revoked: await budgea.jwts.revokeManageTokens(which) };
  });

  /** `{"token"}`: replaces the admin token. */
  post('/admin-token', async (request, reply) => {
    await budgea.contract.rotateAdminToken(requiredText(bodyOf(request), 'token'));
    return done(reply);
  });

  /** `{"client_secret"}`: replaces the client secret. */
  post('/client', async (request, reply) => {
    await budgea.contract.rotateClientSecret(requiredText(bodyOf(request), 'client_secret'));
    return done(reply);
  });

  /** `{"answer", "path"?, "times"?: 1, "retry_after"?: 1}`: fails the next calls, or all with `"times": "always"`; see `Failure`. */
  post('/failures', async (request, reply) => {
    const body = bodyOf(request);
    const answer = ANSWERS.find((name) => name === requiredText(body, 'answer'));
    if (answer === undefined) throw invalid('answer');
    const times = body['times'] === 'always' ? Infinity : (integer(body, 'times') ?? 1);
    failures.plan({ answer, path: text(body, 'path'), retryAfter: integer(body, 'retry_after') ?? 1, times });
    return done(reply);
  });
  /** → `{"failures": [{"answer", "path"?, "times"}]}`: the planned failures. */
  app.get('/failures', () => ({
    failures: failures
      .all()
      .map(({ answer, path, times }) => ({ answer, path, times: times === Infinity ? 'always' : times })),
  }));
  app.delete('/failures', async (_request, reply) => {
    failures.clear();
    return done(reply);
  });
}

const done = (reply: FastifyReply) => reply.code(204).send();

function numberIn(body: ReturnType<typeof bodyOf>, name: string, maximum: number): number {
  const value = Number(requiredText(body, name));
  if (!(value >= 0 && value <= maximum)) throw invalid(name);
  return value;
}
