import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomBytes } from 'node:crypto';
import { BudgeaError } from '../errors.ts';
import { unreadable } from './bodies.ts';

/** The path that adds OAuth's fields to the envelope. */
const OAUTH_PATH = '/2.0/auth/token/access';

/** Answers every refusal, and every failure, in the envelope. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    answerError(new BudgeaError('notFound', 'There is nothing at this path'), request, reply),
  );
}

/** Answers with what went wrong, in the envelope. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = refusalOf(error);
  const oauth = { error: refusal.oauth, error_description: refusal.message };
  const body = { ...envelope(refusal), ...(request.routeOptions.url === OAUTH_PATH ? oauth : {}) };
  void reply.code(refusal.status).send(body);
}

/** Budgea's error object, with a request id of its own. */
export function envelope({ code, message: description }: BudgeaError): object {
  return { code, description, message: null, request_id: randomBytes(8).toString('hex') };
}

function refusalOf(error: unknown): BudgeaError {
  if (error instanceof BudgeaError) return error;
  if (isRefusedByTheServer(error)) return unreadable();
  // The stack, not the error: it names our lines and holds nothing that a caller sent.
  process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : 'unknown failure'}\n`);
  return new BudgeaError('bug', 'The sandbox failed');
}

/** Fastify and its parsers mark what the caller got wrong (a broken body, one too large) with a 4xx status. */
function isRefusedByTheServer(error: unknown): boolean {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500;
}
