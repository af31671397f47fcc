import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { flag, integer, invalid, requiredText, text } from '../parameters.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { ANSWERS, type Failures } from './failures.ts';

/** The routes under `/_sandbox`, which no Budgea has: time, the call list, and what an operator would change at the bank. */
export function serveControl(
  app: FastifyInstance,
  { budgea, calls, failures }: { budgea: Budgea; calls: CallList; failures: Failures },
): void {
  const post = (url: string, handler: RouteHandlerMethod) => app.route({ method: 'POST', url, handler });

  /** `{"advance": seconds}` → `{"now": milliseconds since the epoch}`. Time only goes forward, and persists. */
  post('/clock', async (request) => {
    const seconds = Number(requiredText(bodyOf(request), 'advance'));
    if (!(seconds >= 0 && seconds <= 1e10)) throw invalid('advance');
    await budgea.clock.advance(seconds);
    return { now: budgea.clock.now() };
  });

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

  /** `{"answer", "path"?, "times"?: 1, "retry_after"?: 1}`: what the next calls meet; see `Failure`. */
  post('/failures', async (request, reply) => {
    const body = bodyOf(request);
    const answer = ANSWERS.find((known) => known === requiredText(body, 'answer'));
    if (answer === undefined) throw invalid('answer');
    const failure = { answer, path: text(body, 'path'), retryAfter: integer(body, 'retry_after') ?? 1 };
    failures.plan(failure, Math.min(integer(body, 'times') ?? 1, 1000));
    return reply.code(204).send();
  });
  app.delete('/failures', async (_request, reply) => {
    failures.clear();
    return reply.code(204).send();
  });
}
