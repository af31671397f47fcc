import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { GatewayError } from '../errors.ts';
import type { Middleware } from './call.ts';
import { parseForm, parseJson, type RawFields } from './body.ts';
import { requireExactNames } from './field-names.ts';
import { parseMultipart } from './multipart.ts';

/** The largest body that is looked at, in bytes. */
const largestBody = 16 * 1024;

/**
 * Reads the query or the body into fields. Throws GatewayError: 413 for a body over 16 KiB, 415 for an unknown media type, 400 `invalidValue`
 * for one that is not what its type says, that repeats a field, or that has a field with another spelling or in another place. A body on GET and
 * DELETE, and its stray `Content-Type`, are not looked at.
 */
export const parse: Middleware = {
  async before({ event, context: { call } }) {
    const { operation } = call;
    const post = event.requestContext.http.method === 'POST';
    const body = post ? await readBody(event) : {};
    if (operation.fields === 'body') {
      call.fields = body;
      // The query's values are not used: it may repeat a field or be unreadable.
      requireExactNames(operation, 'query', new URLSearchParams(event.rawQueryString).keys());
    } else {
      call.fields = { ...parseForm(event.rawQueryString, 'query'), ...body };
    }
    requireExactNames(operation, operation.fields, Object.keys(call.fields));
  },
};

async function readBody(event: APIGatewayProxyEventV2): Promise<RawFields> {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > largestBody) throw new GatewayError('payloadTooLarge');
  if (bytes.length === 0) return {};
  const contentType = event.headers['content-type'] ?? '';
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    throw new GatewayError('unsupportedMediaType');
  switch (mediaType) {
    case 'application/json':
      return parseJson(utf8(bytes));
    case 'application/x-www-form-urlencoded':
      return parseForm(utf8(bytes), 'body');
    case 'multipart/form-data':
      return parseMultipart(utf8(bytes), contentType);
    default:
      throw new GatewayError('unsupportedMediaType');
  }
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new GatewayError('invalidValue', { description: 'The body is not UTF-8.' });
  }
}
