import type { CallerKind, Operation } from '../operations.ts';
import type { DocumentedOperation, SecurityScheme } from './document.ts';
import type { Schema } from './schema.ts';

const key = 'The partner’s key, `bgk_<client id>_…`,';

/** The ways to send a credential, each for one kind of caller. */
export const securitySchemes = {
  client: {
    type: 'http',
    scheme: 'basic',
    description:
      '**client**: a partner with its client id as user name and its key as password. Where there is a body, `client_id` and `client_secret` in it are as good, and what most clients of this API send.',
  },
  manager: {
    type: 'http',
    scheme: 'bearer',
    description: `**manager**: ${key} after \`Bearer\`. The partner’s own users and its grants count.`,
  },
  manager_alone: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: `**manager**: ${key} without a word before it, as clients made from the banking API’s own document send it.`,
  },
  identified: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: `**identified**: ${key} where a partner only has to be known: nothing permanent comes of it.`,
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    description: '**token**: a user’s token or a JWT, after `Bearer`. It goes to the banking API as it is.',
  },
  token_alone: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '**token**: a user’s token or a JWT without a word before it.',
  },
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
  // Programs that show one way show the first: the key alone is the shortest.
  const kinds = accepts.toSorted((one, other) => Number(other === 'manager') - Number(one === 'manager'));
  const headers = kinds.flatMap((kind) => schemesOf[kind]).map((scheme) => ({ [scheme]: [] }));
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
      client_id: {
        type: ['integer', 'string'],
        maxLength: 8,
        description: 'The partner’s client id, unless the credentials are in a header.',
      },
      client_secret: { type: 'string', maxLength: 62, description: 'The partner’s key.' },
      ...body.properties,
    },
    dependentRequired: { client_id: ['client_secret'], client_secret: ['client_id'] },
  };
}
