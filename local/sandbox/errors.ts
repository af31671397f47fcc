import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The status of every error code, and the OAuth error (RFC 6749, section 5.2). */
const CODES = {
  missingParameter: { status: 400, oauth: 'invalid_request' },
  invalidValue: { status: 400, oauth: 'invalid_request' },
  invalidCode: { status: 400, oauth: 'invalid_grant' },
  unauthorized: { status: 401, oauth: 'invalid_client' },
  invalidClient: { status: 401, oauth: 'invalid_client' },
  invalidToken: { status: 403, oauth: 'access_denied' },
  forbidden: { status: 403, oauth: 'access_denied' },
  notFound: { status: 404, oauth: 'invalid_request' },
  methodNotAllowed: { status: 405, oauth: 'invalid_request' },
  tooManyRequests: { status: 429, oauth: 'temporarily_unavailable' },
  bug: { status: 500, oauth: 'server_error' },
  maintenance: { status: 503, oauth: 'temporarily_unavailable' },
} as const;

/** An error response. Its `description` is for the caller and never contains a value from the request. */
export class BudgeaError extends Error {
  readonly code: keyof typeof CODES;
  readonly status: number;
  readonly oauth: string;

  /** `oauth` is passed only where OAuth distinguishes errors with the same code. */
  constructor(code: keyof typeof CODES, description: string, oauth: string = CODES[code].oauth) {
    super(description);
    this.code = code;
    this.status = CODES[code].status;
    this.oauth = oauth;
  }
}

/** The error of a request that cannot be parsed. */
export function unreadable(): BudgeaError {
  return new BudgeaError('invalidValue', 'The request cannot be read');
}

/** The path whose errors also have OAuth's fields. */
const OAUTH_PATH = '/2.0/auth/token/access';

/** Sends every error in the API's envelope. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) =>
    answerError(new BudgeaError('notFound', 'There is nothing at this path'), request, reply),
  );
}

/** Sends an error in the API's envelope. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toBudgeaError(error);
  const oauth = { error: known.oauth, error_description: known.message };
  const body = { ...envelope(known), ...(request.routeOptions.url === OAUTH_PATH ? oauth : {}) };
  void reply.code(known.status).send(body);
}

/** Returns Budgea's error object with a new request id. */
export function envelope({ code, message: description }: BudgeaError): object {
  return { code, description, message: null, request_id: randomBytes(8).toString('hex') };
}

function toBudgeaError(error: unknown): BudgeaError {
  if (error instanceof BudgeaError) return error;
  if (isRequestError(error)) return unreadable();
  // The stack has the sandbox's own lines, and no value from the request.
  process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : 'unknown failure'}\n`);
  return new BudgeaError('bug', 'The sandbox failed');
}

/** Fastify and its parsers mark an error of the caller, such as a malformed or too large body, with a 4xx status. */
function isRequestError(error: unknown): boolean {
  if (!(error instanceof Error) || !('statusCode' in error)) return false;
  return typeof error.statusCode === 'number' && error.statusCode >= 400 && error.statusCode < 500;
}
