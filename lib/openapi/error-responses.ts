import { errorCodes } from '../errors.ts';
import { type Operation, operations } from '../operations/table.ts';
import type { Answer, Content, Examples, Header, Reference, Schema } from './schema.ts';
import { type Example, examples } from './examples.ts';

type Shape = Operation['errorFormat'];

const text = { type: 'string' } as const;

/** The JSON schemas of error responses. */
export const errorSchemas = {
  Error: {
    type: 'object',
    properties: {
      code: { ...text, description: 'The error code, for programs.' },
      description: { ...text, description: 'An explanation for people. It may change.' },
      message: { type: ['string', 'null'], description: 'A further explanation by the banking API, if it has one.' },
      request_id: { ...text, description: 'Identifies the call in the gateway’s log.' },
    },
    required: ['code', 'description', 'message', 'request_id'],
  },
  ApiGatewayError: {
    type: 'object',
    description: 'An error of API Gateway: too many requests, a body over its limit, or no response of the function.',
    properties: { message: { ...text, description: 'The reason phrase of the status.' } },
    required: ['message'],
    additionalProperties: false,
  },
  OAuthError: {
    allOf: [
      { $ref: '#/components/schemas/Error' },
      {
        type: 'object',
        properties: {
          error: { ...text, description: 'The OAuth error code (RFC 6749, section 5.2).' },
          error_description: { ...text, description: 'The same as `description`, for OAuth clients.' },
        },
        required: ['error', 'error_description'],
      },
    ],
  },
} satisfies Record<string, Schema>;

const schemas: Record<Shape, Schema> = {
  envelope: { $ref: '#/components/schemas/Error' },
  oauth: { $ref: '#/components/schemas/OAuthError' },
  page: { $ref: '#/components/schemas/Error' },
};

const statuses = [...new Set(Object.values(errorCodes).map(({ status }) => status))];
/** Statuses with `Retry-After`. */
const retryable: ReadonlySet<number | 'default'> = new Set([
  errorCodes.tooManyRequests.status,
  errorCodes.unavailable.status,
]);

type Row = Pick<Operation, 'path' | 'method' | 'accepts' | 'errorFormat'>;

/** Returns the components for the error responses of all rows: one for each combination of shape and status. */
export function errorResponseComponents(rows: readonly Row[]): Record<string, Answer> {
  const all = rows.flatMap((row) => statusesOf(row).map((status) => [status, row.errorFormat] as const));
  return Object.fromEntries(all.map(([status, shape]) => [nameOf(shape, status), errorResponse(status, shape)]));
}

/** Returns the error responses of an operation by status, as references to the components. */
export function errorResponsesOf(row: Row): Record<string, Reference> {
  const references = statusesOf(row).map(
    (status) => [status, { $ref: `#/components/responses/${nameOf(row.errorFormat, status)}` }] as const,
  );
  return Object.fromEntries(references);
}

/** Returns the statuses that a row can answer with; `default` stands for other statuses of the banking API. */
function statusesOf({ path, method, accepts }: Row): (number | 'default')[] {
  const impossible = new Set([
    ...(accepts.includes('anonymous') ? [401, 403] : []),
    ...(path.includes('{') ? [] : [404]),
    ...(method === 'POST' ? [] : [413, 415]),
  ]);
  return [...statuses.filter((status) => !impossible.has(status)), 'default'];
}

function errorResponse(status: number | 'default', shape: Shape): Answer {
  const codes = Object.entries(errorCodes).filter(
    ([code, error]) => error.status === status && (shape === 'oauth' || code !== 'invalidCode'),
  );
  const ownHeaders = status === 401 ? ['www-authenticate'] : retryable.has(status) ? ['retry-after'] : [];
  return {
    description:
      status === 'default'
        ? 'Another error of the banking API.'
        : codes.map(([code, { description }]) => `\`${code}\`: ${description}`).join(' '),
    headers: headerReferences(...ownHeaders),
    content: contentOf(status, shape),
  };
}

/** The statuses of API Gateway’s errors, which every operation can return. */
const apiGatewayStatuses = new Set(examples.filter(isByApiGateway).map(({ answer }) => answer.status));

function belongsTo(example: Example, status: number | 'default', shape: Shape): boolean {
  const { answer, operation } = example;
  if (answer.status < 400) return false;
  if (isByApiGateway(example)) return answer.status === status;
  const row: Operation = operations[operation];
  if (row.errorFormat !== shape) return false;
  return statusesOf(row).includes(answer.status) ? answer.status === status : status === 'default';
}

function isByApiGateway({ answer: { status, body } }: Example): boolean {
  return status >= 400 && typeof body === 'object' && body !== null && !('code' in body);
}

function contentOf(status: number | 'default', shape: Shape): Content {
  const byApiGateway = { $ref: '#/components/schemas/ApiGatewayError' };
  const schema = apiGatewayStatuses.has(Number(status)) ? { anyOf: [schemas[shape], byApiGateway] } : schemas[shape];
  const inType = (mediaType: string): Examples =>
    Object.fromEntries(
      examples
        .filter((example) => example.answer.mediaType === mediaType && belongsTo(example, status, shape))
        .map(({ name, summary, answer }) => [name, { summary, value: answer.body }]),
    );
  return {
    ...(shape === 'page' && { 'text/html': { schema: text, examples: inType('text/html') } }),
    'application/json': { schema, examples: inType('application/json') },
  };
}

function nameOf(shape: Shape, status: number | 'default'): string {
  return `${shape}_${status}`;
}

/** The components for response headers. */
export const responseHeaders: Record<'x-request-id' | 'retry-after' | 'www-authenticate', Header> = {
  'x-request-id': { description: 'Identifies the call in the gateway’s log.', schema: text },
  'retry-after': { description: 'Whole seconds, from 1 to 3600.', schema: { type: 'integer' } },
  'www-authenticate': { description: 'The authentication challenge (RFC 9110, section 11.6.1).', schema: text },
};

/** Returns references to the header `x-request-id` and to the headers named. */
export function headerReferences(...names: string[]): NonNullable<Answer['headers']> {
  return Object.fromEntries(['x-request-id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
