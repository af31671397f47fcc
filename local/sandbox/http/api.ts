import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Budgea } from '../budgea.ts';
import { BudgeaError } from '../errors.ts';
import type { Answer, Call } from '../operation.ts';
import { OPERATIONS } from '../operations.ts';
import type { Parameters } from '../parameters.ts';
import { bodyOf } from './bodies.ts';
import type { CallList } from './call-list.ts';
import { answerErrors } from './errors.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The API under `/2.0`: every operation, 405 for any other method on its path, and each call on the list. */
export function serveApi(app: FastifyInstance, budgea: Budgea, calls: CallList): void {
  answerErrors(app);
  app.addHook('onSend', async (request, reply) => calls.record(request, reply));

  for (const { method, path: url, run } of OPERATIONS) {
    app.route({ method, url, handler: async (request, reply) => send(await run(budgea, callOf(request)), reply) });
  }
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
