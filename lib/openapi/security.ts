import type { CallerKind, Operation } from '../operations/table.ts';
import type { DocumentedOperation, Schema, SecurityScheme } from './schema.ts';

const key = 'the partner’s key, `bgk_<client id>_…`,';

/** The security schemes, each for one kind of caller. */
export const securitySchemes = {
  client: {
    type: 'http',
    scheme: 'basic',
    description:
      '**Client credentials**: the partner’s client id as the user name and its key as the password. An operation with a body also accepts them as `client_id` and `client_secret` in the body, which is what most clients of this API send.',
  },
  bearer_key: {
    type: 'http',
    scheme: 'bearer',
    description: `**Bearer key**: ${key} with the scheme \`Bearer\`. The call is limited to the partner’s users and grants.`,
  },
  bearer_key_without_scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: `**Bearer key**: ${key} without a scheme, as sent by clients that are generated from the banking API’s document.`,
  },
  api_key: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: `**API key**: ${key} for calls that only identify the partner and create nothing permanent.`,
  },
  token: {
    type: 'http',
    scheme: 'bearer',
    description:
      '**User token**: a user’s token or JWT with the scheme `Bearer`, forwarded to the banking API unchanged.',
  },
  token_without_scheme: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '**User token**: a user’s token or JWT without a scheme.',
  },
} as const satisfies Record<string, SecurityScheme>;

const schemesOf: Record<CallerKind, readonly (keyof typeof securitySchemes)[]> = {
  client: ['client'],
  bearer_key: ['bearer_key', 'bearer_key_without_scheme'],
  api_key: ['api_key'],
  token: ['token', 'token_without_scheme'],
  anonymous: [],
};

/** Returns an operation’s security requirements. OpenAPI cannot express credentials in a body: an empty requirement stands for them. */
export function securityOf({ accepts, fields }: Operation): DocumentedOperation['security'] {
  // Renderers that show one requirement show the first; the bearer key is the shortest.
  const kinds = accepts.toSorted((one, other) => Number(other === 'bearer_key') - Number(one === 'bearer_key'));
  const headers = kinds.flatMap((kind) => schemesOf[kind]).map((scheme) => ({ [scheme]: [] }));
  return takesBodyCredentials({ accepts, fields }) ? [...headers, {}] : headers;
}

/** Returns whether the body may contain `client_id` and `client_secret`. */
export function takesBodyCredentials({ accepts, fields }: Pick<Operation, 'accepts' | 'fields'>): boolean {
  return accepts.includes('client') && fields === 'body';
}

/** Returns a body’s schema with the optional fields `client_id` and `client_secret`, of which each requires the other. */
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
