import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Parameters } from '../call.ts';
import { unreadable } from '../errors.ts';

/** Parses JSON, form and multipart bodies, and ignores the content type of an absent body. */
export function readBodies(app: FastifyInstance): void {
  app.addHook('onRequest', dropStrayContentType);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseObject(String(body)));
    } catch {
      done(unreadable());
    }
  });
  app.register(formbody);
  app.register(multipart);
  app.addHook('preValidation', readMultipart);
}

/** Returns the named values of the body; empty without a body. */
export function bodyOf(request: Pick<FastifyRequest, 'body'>): Parameters {
  // The parsers above return only objects.
  return (request.body ?? {}) as Parameters;
}

/** Some clients send a Content-Type on every GET and DELETE. */
async function dropStrayContentType({ raw: { headers } }: FastifyRequest): Promise<void> {
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (isEmpty) delete headers['content-type'];
}

/** Reads the fields of a multipart body, and skips files, which no operation accepts. */
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
