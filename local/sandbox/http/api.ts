import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Budgea } from '../budgea.ts';
import type { Answer, Call, Operation, Parameters } from '../call.ts';
import { answerErrors, BudgeaError } from '../errors.ts';
import { operationRoutes } from '../operations.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { breaksConnection, fail, type Failures, type Latency } from './failures.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Serves the API under `/2.0`: every operation, 405 for any other method on its path. Adds each call to the list. */
export function serveApi(
  app: FastifyInstance,
  { budgea, calls, failures, latency }: { budgea: Budgea; calls: CallList; failures: Failures; latency: Latency },
): void {
  answerErrors(app);
  app.addHook('onSend', async (request, reply) => calls.record(request, reply.statusCode, reply.elapsedTime));

  for (const { method, path: url, run } of operationRoutes) {
    app.route({ method, url, handler: async (request, reply) => serve(run, request, reply) });
  }
  rejectOtherMethods(app);

  async function serve(run: Operation, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    await latency.wait();
    const failure = failures.take(pathOf(request));
    if (failure === undefined) return send(await run(budgea, callOf(request)), reply);
    if (failure.answer === 'lost') await run(budgea, callOf(request));
    if (breaksConnection(failure.answer)) calls.record(request, 0, reply.elapsedTime);
    return fail(failure, reply);
  }
}

function rejectOtherMethods(app: FastifyInstance): void {
  for (const url of new Set(operationRoutes.map(({ path }) => path))) {
    const allowed: string[] = operationRoutes.filter(({ path }) => path === url).map(({ method }) => method);
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      onRequest: async (_request, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new BudgeaError('methodNotAllowed', 'This path does not support the method');
      },
      handler: () => {},
    });
  }
}

/** Returns the path without `/2.0` and query. */
function pathOf({ url }: FastifyRequest): string {
  return url.replace(/\?.*$/, '').replace(/^\/2\.0/, '');
}

function callOf(request: FastifyRequest): Call {
  return {
    authorization: request.headers.authorization,
    // Both are objects in Fastify.
    path: request.params as Parameters,
    query: request.query as Parameters,
    body: bodyOf(request),
  };
}

function send(answer: Answer, reply: FastifyReply): FastifyReply {
  if (answer.status === 307) return reply.redirect(answer.location, 307);
  return reply.code(answer.status).send(answer.status === 200 ? answer.body : undefined);
}
