import { failures } from '../errors.ts';
import type { Operation } from '../operations.ts';
import type { Answer, Content, Reference } from './document.ts';
import type { Schema } from './schema.ts';

type Shape = Operation['refusals'];

const text = { type: 'string' } as const;

/** The shapes of refusals that are JSON. */
export const refusalSchemas = {
  Refusal: {
    type: 'object',
    properties: {
      code: { ...text, description: 'what a program can tell refusals by' },
      description: { ...text, description: 'what a person can do about it' },
      message: { type: ['string', 'null'] },
      request_id: { ...text, description: 'finds the call in the gateway’s log' },
    },
    required: ['code', 'description', 'message', 'request_id'],
  },
  OAuthRefusal: {
    allOf: [
      { $ref: '#/components/schemas/Refusal' },
      {
        type: 'object',
        properties: {
          error: { ...text, description: 'OAuth’s name for it, RFC 6749, section 5.2' },
          error_description: text,
        },
        required: ['error', 'error_description'],
      },
    ],
  },
} as const satisfies Record<string, Schema>;

const json = (name: keyof typeof refusalSchemas): Content => ({
  'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
});

const contents: Record<Shape, Content> = {
  envelope: json('Refusal'),
  oauth: json('OAuthRefusal'),
  // A person looks on, unless the caller asks for JSON.
  page: { 'text/html': { schema: text }, ...json('Refusal') },
};

const statuses = [...new Set(Object.values(failures).map(({ status }) => status))];
/** Worth coming back after a while. */
const overloads: ReadonlySet<number | 'default'> = new Set([
  failures.tooManyRequests.status,
  failures.unavailable.status,
]);

type Refusing = Pick<Operation, 'path' | 'method' | 'accepts' | 'refusals'>;

/** The refusals of operations, as components: one for each shape and status that occurs. */
export function refusalComponents(rows: readonly Refusing[]): Record<string, Answer> {
  const all = rows.flatMap((row) => statusesOf(row).map((status) => [status, row.refusals] as const));
  return Object.fromEntries(all.map(([status, shape]) => [nameOf(shape, status), refusalWith(status, shape)]));
}

/** The refusals of an operation, by status. */
export function refusalsOf(row: Refusing): Record<string, Reference> {
  const references = statusesOf(row).map(
    (status) => [status, { $ref: `#/components/responses/${nameOf(row.refusals, status)}` }] as const,
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
  const codes = Object.entries(failures).filter(
    ([code, failure]) => failure.status === status && (shape === 'oauth' || code !== 'invalidCode'),
  );
  const described = codes.map(([code, { description }]) => `\`${code}\`: ${description}`).join(' ');
  const own = status === 401 ? ['www-authenticate'] : overloads.has(status) ? ['retry-after'] : [];
  return {
    description: status === 'default' ? 'A refusal of the banking API, in its own words.' : described,
    headers: headers(...own),
    content: contents[shape],
  };
}

function nameOf(shape: Shape, status: number | 'default'): string {
  return `${shape}_${status}`;
}

/** The headers of answers, as components. */
export const answerHeaders = {
  'x-request-id': { description: 'Finds the call in the gateway’s log.', schema: text },
  'retry-after': { description: 'Whole seconds, from 1 to 3600.', schema: { type: 'integer' } },
  'www-authenticate': { description: 'RFC 9110, section 11.6.1.', schema: text },
  location: { description: 'Where the browser goes next.', schema: { ...text, format: 'uri' } },
} as const;

/** References to the request id's header and to others. */
export function headers(...names: string[]): NonNullable<Answer['headers']> {
  return Object.fromEntries(['x-request-id', ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
