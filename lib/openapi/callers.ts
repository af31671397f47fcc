import type { CallerKind, Operation } from '../operations.ts';
import type { DocumentedOperation, SecurityScheme } from './document.ts';
import type { Schema } from './schema.ts';

/** Who calls, and what such a caller sends. */
export const callers: Record<CallerKind, string> = {
  client:
    'A partner with its client id and its key, as `client_id` and `client_secret` in the body where there is one, or in HTTP Basic.',
  manager: 'A partner with its key in `Authorization`, after `Bearer` or alone; its grants and its own users count.',
  identified: 'A partner with its key in `x-api-key`, who only has to be known.',
  token: 'Whoever has a token of the API, in `Authorization`, after `Bearer` or alone; it is passed on as it is.',
  anonymous: 'Anyone; credentials are not looked at.',
};

/** The ways to send a credential, each for one kind of caller. */
export const securitySchemes = {
  client: { type: 'http', scheme: 'basic', description: callers.client },
  manager: { type: 'http', scheme: 'bearer', description: callers.manager },
  manager_alone: { type: 'apiKey', in: 'header', name: 'Authorization', description: callers.manager },
  identified: { type: 'apiKey', in: 'header', name: 'x-api-key', description: callers.identified },
  token: { type: 'http', scheme: 'bearer', description: callers.token },
  token_alone: { type: 'apiKey', in: 'header', name: 'Authorization', description: callers.token },
} as const satisfies Record<string, SecurityScheme>;

const schemesOf: Record<CallerKind, readonly (keyof typeof securitySchemes)[]> = {
  client: ['client'],
  manager: ['manager', 'manager_alone'],
  identified: ['identified'],
  token: ['token', 'token_alone'],
  anonymous: [],
};

/** What satisfies an operation. OpenAPI has no word for credentials in a body: an empty requirement leaves them to the body's schema. */
export function securityOf({ accepts, fields }: Operation): DocumentedOperation['security'] {
  const headers = accepts.flatMap((kind) => schemesOf[kind]).map((scheme) => ({ [scheme]: [] }));
  return takesBodyCredentials({ accepts, fields }) ? [...headers, {}] : headers;
}

/** Whether `client_id` and `client_secret` may be in the body. */
export function takesBodyCredentials({ accepts, fields }: Pick<Operation, 'accepts' | 'fields'>): boolean {
  return accepts.includes('client') && fields === 'body';
}

/** A body that may carry the two fields of a credential, both or neither. */
export function withCredentials(body: Schema): Schema {
  return {
    ...body,
    properties: {
      client_id: { anyOf: [{ type: 'integer' }, { type: 'string' }], description: 'the partner’s client id' },
      client_secret: { type: 'string', description: 'the partner’s key' },
      ...body.properties,
    },
    dependentRequired: { client_id: ['client_secret'], client_secret: ['client_id'] },
  };
}
