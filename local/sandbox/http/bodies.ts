import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BudgeaError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';

/** Reads JSON, form and multipart bodies alike, and ignores the content type of a body that is not there. */
export function readBodies(app: FastifyInstance): void {
  app.addHook('onRequest', dropStrayContentType);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseObject(String(body)));
    } catch (error) {
      done(error instanceof BudgeaError ? error : unreadable());
    }
  });
  app.register(formbody);
  app.register(multipart, { attachFieldsToBody: 'keyValues' });
}

/** The named values of the body; none when there is no body. */
export function bodyOf(request: FastifyRequest): Parameters {
  // The parsers above give nothing but objects.
  return (request.body ?? {}) as Parameters;
}

/** The refusal of a body that is not what its content type says. */
export function unreadable(): BudgeaError {
  return new BudgeaError('invalidValue', 'The body of the request cannot be read');
}

/** Some clients send a Content-Type on every GET and DELETE, which has no body to be read. */
async function dropStrayContentType({ raw: { headers } }: FastifyRequest): Promise<void> {
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (isEmpty) delete headers['content-type'];
}

function parseObject(body: string): object {
  const value: unknown = body === '' ? {} : JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable();
  return value;
}
