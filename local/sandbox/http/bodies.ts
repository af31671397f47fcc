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
  app.register(multipart);
  app.addHook('preValidation', readMultipart);
}

/** The named values of the body; none when there is no body. */
export function bodyOf(request: Pick<FastifyRequest, 'body'>): Parameters {
  // The parsers above give nothing but objects.
  return (request.body ?? {}) as Parameters;
}

/** The refusal of a request that is not what it says it is. */
export function unreadable(): BudgeaError {
  return new BudgeaError('invalidValue', 'The request cannot be read');
}

/** Some clients send a Content-Type on every GET and DELETE, which has no body to be read. */
async function dropStrayContentType({ raw: { headers } }: FastifyRequest): Promise<void> {
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (isEmpty) delete headers['content-type'];
}

/** The fields of a multipart body; no operation takes a file. */
async function readMultipart(request: FastifyRequest): Promise<void> {
  if (!request.isMultipart()) return;
  const fields: Record<string, unknown> = {};
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') part.file.resume();
      else fields[part.fieldname] = part.fieldname in fields ? [fields[part.fieldname], part.value] : part.value;
    }
  } catch {
    throw unreadable();
  }
  request.body = fields;
}

function parseObject(body: string): object {
  const value: unknown = body === '' ? {} : JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable();
  return value;
}
