import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { BudgeaError } from '../errors.ts';
import type { Answer, Call, Operation } from '../operation.ts';
import { OPERATIONS } from '../operations.ts';
import type { Parameters } from '../parameters.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { answerErrors } from './errors.ts';
import { breaksConnection, fail, type Failures } from './failures.ts';
import type { Latency } from './latency.ts';

/** The status on the call list when the connection broke before the answer. */
const NO_ANSWER = 0;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The API under `/2.0`: every operation, 405 for any other method on its path, and each call on the list. */
export function serveApi(
  app: FastifyInstance,
  { budgea, calls, failures, latency }: { budgea: Budgea; calls: CallList; failures: Failures; latency: Latency },
): void {
  answerErrors(app);
  app.addHook('onSend', async (request, reply) => calls.record(request, reply.statusCode, reply.elapsedTime));

  for (const { method, path: url, run } of OPERATIONS) {
    app.route({ method, url, handler: async (request, reply) => serve(run, request, reply) });
  }
  refuseOtherMethods(app);

  async function serve(run: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await latency.pass();
    const failure = failures.meet(pathOf(request));
    if (failure === undefined) return send(await run(budgea, callOf(request)), reply);
    if (failure.answer === 'lost') await run(budgea, callOf(request));
    if (breaksConnection(failure.answer)) calls.record(request, NO_ANSWER, reply.elapsedTime);
    return fail(failure, reply);
  }
}

function refuseOtherMethods(app: FastifyInstance): void {
  for (const url of new Set(OPERATIONS.map(({ path }) => path))) {
    const allowed: string[] = OPERATIONS.filter(({ path }) => path === url).map(({ method }) => method);
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      onRequest: async (_request, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new BudgeaError('methodNotAllowed', 'This path does not know the method');
      },
      handler: () => {},
    });
  }
}

/** The path without `/2.0` and query. */
function pathOf({ url }: FastifyRequest): string {
  return url.replace(/\?.*$/, '').replace(/^\/2\.0/, '');
}

function callOf(request: FastifyRequest): Call {
  return {
    authorization: request.headers.authorization,
    // Fastify gives objects for both.
    path: request.params as Parameters,
    query: request.query as Parameters,
    body: bodyOf(request),
  };
}

function send(answer: Answer, reply: FastifyReply): FastifyReply {
  if (answer.status === 307) return reply.redirect(answer.location, 307);
  return reply.code(answer.status).send(answer.status === 200 ? answer.body : undefined);
}
