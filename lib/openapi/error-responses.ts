import { errorCodes } from '../errors.ts';
import { type Operation, operations } from '../operations/table.ts';
import type { Answer, Content, Examples, Header, Reference } from './document.ts';
import { type Example, examples } from './examples.ts';
import type { Schema } from './schema.ts';

type Shape = Operation['errorFormat'];

const text = { type: 'string' } as const;

/** The shapes of refusals that are JSON. */
export const errorSchemas = {
  Refusal: {
    type: 'object',
    properties: {
      code: { ...text, description: 'What a program can tell refusals by.' },
      description: { ...text, description: 'What a person can do about it; the words may change.' },
      message: { type: ['string', 'null'], description: 'More of the banking API’s own words, where it has them.' },
      request_id: { ...text, description: 'Finds the call in the gateway’s log.' },
    },
    required: ['code', 'description', 'message', 'request_id'],
  },
  ApiGatewayRefusal: {
    type: 'object',
    description: 'By API Gateway, in front of the gateway: too many calls, too long a body, or no answer.',
    properties: { message: { ...text, description: 'HTTP’s name for the status.' } },
    required: ['message'],
    additionalProperties: false,
  },
  OAuthRefusal: {
    allOf: [
      { $ref: '#/components/schemas/Refusal' },
      {
        type: 'object',
        properties: {
          error: { ...text, description: 'OAuth’s name for it, RFC 6749, section 5.2.' },
          error_description: { ...text, description: 'The same as `description`, for OAuth clients.' },
        },
        required: ['error', 'error_description'],
      },
    ],
  },
} as const satisfies Record<string, Schema>;

const schemas: Record<Shape, Schema> = {
  envelope: { $ref: '#/components/schemas/Refusal' },
  oauth: { $ref: '#/components/schemas/OAuthRefusal' },
  page: { $ref: '#/components/schemas/Refusal' },
};

const statuses = [...new Set(Object.values(errorCodes).map(({ status }) => status))];
/** Worth coming back after a while. */
const overloads: ReadonlySet<number | 'default'> = new Set([
  errorCodes.tooManyRequests.status,
  errorCodes.unavailable.status,
]);

type Refusing = Pick<Operation, 'path' | 'method' | 'accepts' | 'errorFormat'>;

/** The refusals of operations, as components: one for each shape and status that occurs. */
export function errorResponseComponents(rows: readonly Refusing[]): Record<string, Answer> {
  const all = rows.flatMap((row) => statusesOf(row).map((status) => [status, row.errorFormat] as const));
  return Object.fromEntries(all.map(([status, shape]) => [nameOf(shape, status), refusalWith(status, shape)]));
}

/** The refusals of an operation, by status. */
export function refusalsOf(row: Refusing): Record<string, Reference> {
  const references = statusesOf(row).map(
    (status) => [status, { $ref: `#/components/responses/${nameOf(row.errorFormat, status)}` }] as const,
  );
  return Object.fromEntries(references);
}

/** What upstream refuses with a status of its own comes in the same shape. */
function statusesOf({ path, method, accepts }: Refusing): (number | 'default')[] {
  const never = new Set([
    ...(accepts.includes('anonymous') ? [401, 403] : []),
    ...(path.includes('{') ? [] : [404]),
    ...(method === 'POST' ? [] : [413, 415]),
  ]);
  return [...statuses.filter((status) => !never.has(status)), 'default'];
}

function refusalWith(status: number | 'default', shape: Shape): Answer {
  const shown = examples.filter((example) => isShownBy(example, status, shape));
  const codes = Object.entries(errorCodes).filter(
    ([code, failure]) => failure.status === status && (shape === 'oauth' || code !== 'invalidCode'),
  );
  const told = codes.map(([code, { description }]) => `\`${code}\`: ${description}`).join(' ');
  const own = status === 401 ? ['www-authenticate'] : overloads.has(status) ? ['retry-after'] : [];
  return {
    description: status === 'default' ? 'A refusal of the banking API, in its own words.' : told,
    headers: headers(...own),
    content: contentOf(status, shape, shown),
  };
}

/** What API Gateway itself refuses has these statuses, whatever the operation. */
const alsoByApiGateway = new Set(examples.filter(isByApiGateway).map(({ answer }) => answer.status));

function isShownBy(example: Example, status: number | 'default', shape: Shape): boolean {
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

function contentOf(status: number | 'default', shape: Shape, shown: readonly Example[]): Content {
  const byApiGateway = { $ref: '#/components/schemas/ApiGatewayRefusal' };
  const schema = alsoByApiGateway.has(Number(status)) ? { anyOf: [schemas[shape], byApiGateway] } : schemas[shape];
  const inType = (mediaType: string): Examples =>
    Object.fromEntries(
      shown
        .filter(({ answer }) => answer.mediaType === mediaType)
        .map((example) => [example.name, { summary: example.summary, value: example.answer.body }]),
    );
  return {
    // A person looks on, unless the caller asks for JSON.
    ...(shape === 'page' && { 'text/html': { schema: text, examples: inType('text/html') } }),
    'application/json': { schema, examples: inType('application/json') },
  };
}

function nameOf(shape: Shape, status: number | 'default'): string {
  return `${shape}_${status}`;
}

/** The headers of answers, as components. */
export const responseHeaders: Record<'x-request-id' | 'retry-after' | 'www-authenticate', Header> = {
  'x-request-id': { description: 'Finds the call in the gateway’s log.', schema: text },
  'retry-after': { description: 'Whole seconds, from 1 to 3600.', schema: { type: 'integer' } },
  'www-authenticate': { description: 'RFC 9110, section 11.6.1.', schema: text },
};

/** References to the request id's header and to others. */
export function headers(...names: string[]): NonNullable<Answer['headers']> {
  return Object.fromEntries(['x-request-id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
