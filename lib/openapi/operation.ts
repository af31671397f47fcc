import { encodeQuery, type MediaType } from '../budgea/wire.ts';
import type { CallerKind, Operation, OperationId } from '../operations/table.ts';
import { quoted } from '../shell.ts';
import { descriptions } from './descriptions.ts';
import type {
  Answer,
  Content,
  DocumentedOperation,
  Examples,
  Header,
  Parameter,
  PathItem,
  SecurityScheme,
} from './document.ts';
import { headers, refusalsOf } from './error-responses.ts';
import { type Example, examples } from './examples.ts';
import { described, jsonSchema, type Schema } from './schema.ts';

/** What the document says of a row: an operation for each of its methods. */
export function pathItem(id: OperationId, row: Operation, url: string): PathItem {
  const { method, alsoMethod } = row;
  const own = { [method.toLowerCase()]: operation(id, id, row, url) };
  if (alsoMethod === undefined) return own;
  const also = { ...row, method: alsoMethod, fields: 'body' } as const;
  const name = alsoMethod.toLowerCase();
  return { ...own, [name]: operation(id, `${id}_by_${name}`, also, url) };
}

/** Shapes of the fields that travel in each place. */
interface Places {
  path: Schema;
  query: Schema;
  body: Schema | undefined;
}

function operation(id: OperationId, operationId: string, row: Operation, url: string): DocumentedOperation {
  const { path, query, body } = placesOf(id, row);
  const { title, tag, details } = descriptions[id];
  const successes = examples.filter(
    ({ operation: of, method, answer }) => of === id && method === row.method && answer.status < 400,
  );
  const parameters = [...parametersIn('path', path, successes), ...parametersIn('query', query, successes)];
  return {
    operationId,
    tags: [tag],
    summary: row.alsoMethod === 'POST' && row.method === 'POST' ? `${title}, by POST` : title,
    description: `${row.summary}\n\n${details}`,
    security: securityOf(row),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: requestBody(body, successes) }),
    responses: { ...successOf(id, row.response, successes), ...refusalsOf(row) },
    'x-accepts': row.accepts,
    'x-codeSamples': samplesOf(successes, row.path, url),
  };
}

function placesOf(id: OperationId, row: Operation): Places {
  const fields = described(jsonSchema(row.request()), descriptions[id].fields);
  const isInPath = (name: string) => row.path.includes(`{${name}}`);
  const path = pick(fields, isInPath);
  const rest = pick(fields, (name) => !isInPath(name));
  if (row.fields === 'query') return { path, query: rest, body: undefined };
  const body = takesBodyCredentials(row) ? withCredentials(rest) : rest;
  const isEmpty = Object.keys(body.properties ?? {}).length === 0;
  return { path, query: {}, body: isEmpty ? undefined : body };
}

function pick({ properties = {}, required = [], ...schema }: Schema, picked: (name: string) => boolean): Schema {
  const needed = required.filter(picked);
  return {
    ...schema,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => picked(name))),
    ...(needed.length > 0 && { required: needed }),
  };
}

function parametersIn(
  place: 'path' | 'query',
  { properties = {}, required = [] }: Schema,
  successes: readonly Example[],
): Parameter[] {
  return Object.entries(properties).map(([name, { description = '', ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    description,
    schema,
    examples: named(
      successes.filter(({ request }) => name in request[place]),
      ({ request }) => request[place][name],
    ),
  }));
}

const mediaTypes: readonly MediaType[] = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
];

function requestBody(schema: Schema, successes: readonly Example[]): NonNullable<DocumentedOperation['requestBody']> {
  const content = mediaTypes.map((mediaType) => {
    const sent = successes.filter(({ request }) => request.mediaType === mediaType);
    return [mediaType, { schema, examples: named(sent, ({ request }) => request.fields) }] as const;
  });
  return { required: (schema.required ?? []).length > 0, content: Object.fromEntries(content) };
}

function successOf(
  id: OperationId,
  response: Operation['response'],
  successes: readonly Example[],
): Record<string, Answer> {
  const nothing = { 204: { description: 'Done; there is nothing to tell.', headers: headers() } };
  if (response === 'empty') return nothing;
  if (response === 'redirect') {
    const location: Header = {
      description: 'Where the browser goes next.',
      schema: { type: 'string', format: 'uri' },
      examples: named(successes, ({ answer }) => answer.location),
    };
    return { 302: { description: 'The browser goes on to `Location`.', headers: { ...headers(), location } } };
  }
  const success = response();
  const content: Content = {
    'application/json': {
      schema: described(jsonSchema(success), descriptions[id].answer),
      examples: named(successes, ({ answer }) => answer.body),
    },
  };
  return {
    200: { description: 'What the banking API gives; it may have more fields.', headers: headers(), content },
    ...(success.type === 'optional' && nothing),
  };
}

/** One call for each thing that can be shown, as a form where there is one: that is the shortest. */
function samplesOf(successes: readonly Example[], path: string, url: string): DocumentedOperation['x-codeSamples'] {
  const shortest = successes.toSorted((one, other) => lengthOf(one) - lengthOf(other));
  // What most clients of this API send comes first.
  const names = [
    ...new Set([
      ...successes.map(({ name }) => name).filter((name) => name === 'client'),
      ...successes.map(({ name }) => name),
    ]),
  ];
  return names.flatMap((name) => {
    const shown = shortest.find((example) => example.name === name);
    return shown === undefined ? [] : [{ lang: 'Shell', label: shown.summary, source: curl(url, path, shown) }];
  });
}

function lengthOf({ request }: Example): number {
  return request.mediaType === 'application/x-www-form-urlencoded' ? 0 : 1;
}

/** The first of each name. */
function named(shown: readonly Example[], value: (example: Example) => unknown): Examples {
  const pairs = shown.map((example) => [example.name, { summary: example.summary, value: value(example) }] as const);
  const first = pairs.filter(([name], index) => pairs.findIndex(([other]) => other === name) === index);
  return Object.fromEntries(first);
}

const key = 'The partner’s key, `bgk_<client id>_…`,';

/** The ways to send a credential, each for one kind of caller. */
export const securitySchemes = {
  client: {
    type: 'http',
    scheme: 'basic',
    description:
      '**client**: a partner with its client id as user name and its key as password. Where there is a body, `client_id` and `client_secret` in it are as good, and what most clients of this API send.',
  },
  bearer_key: {
    type: 'http',
    scheme: 'bearer',
    description: `**manager**: ${key} after \`Bearer\`. The partner’s own users and its grants count.`,
  },
  bearer_key_alone: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: `**manager**: ${key} without a word before it, as clients made from the banking API’s own document send it.`,
  },
  api_key: {
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
  bearer_key: ['bearer_key', 'bearer_key_alone'],
  api_key: ['api_key'],
  token: ['token', 'token_alone'],
  anonymous: [],
};

/** What satisfies an operation. OpenAPI has no word for credentials in a body: an empty requirement leaves them to the body's schema. */
export function securityOf({ accepts, fields }: Operation): DocumentedOperation['security'] {
  // Programs that show one way show the first: the key alone is the shortest.
  const kinds = accepts.toSorted((one, other) => Number(other === 'bearer_key') - Number(one === 'bearer_key'));
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

/** The call of an example for a shell, at the gateway with this base URL. */
export function curl(url: string, path: string, { method, caller, request }: Example): string {
  const { path: inPath, query, headers, mediaType, fields } = request;
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(inPath[name])));
  const search = encodeQuery(query);
  const body = bodyOf(mediaType, fields);
  const usual = body.length > 0 ? 'POST' : 'GET';
  const parts = [
    ...(method === usual ? [] : [`-X ${method}`]),
    quoted(url + filled + (search === '' ? '' : `?${search}`)),
    ...credentialsOf(headers),
    ...body,
    // A browser follows; who looks at the call wants to see where to.
    ...(caller === 'anonymous' ? ['-w %header{location}'] : []),
  ];
  return `curl ${parts.join(' \\\n  ')}`;
}

function bodyOf(mediaType: Example['request']['mediaType'], fields: Example['request']['fields']): string[] {
  const option = mediaType === 'multipart/form-data' ? '-F' : '-d';
  if (mediaType !== 'application/json') {
    return Object.entries(fields).map(([name, value]) => `${option} ${quoted(`${name}=${value}`)}`);
  }
  return ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(fields))}`];
}

/** What HTTP Basic sends is written in clear, as curl takes it. */
function credentialsOf(headers: Example['request']['headers']): string[] {
  return Object.entries(headers).map(([name, value]) => {
    const basic = /^Basic (.+)$/.exec(value)?.[1];
    return basic === undefined
      ? `-H ${quoted(`${name}: ${value}`)}`
      : `-u ${quoted(Buffer.from(basic, 'base64').toString())}`;
  });
}
