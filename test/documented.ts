import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Document, Reference } from '#lib/openapi/schema.ts';
import { basePath } from '#lib/operations/table.ts';
import { selectRoute } from '#local/api-gateway/routes.ts';
import { parseTarget } from '#local/api-gateway/target.ts';
import type { Answer } from './invoke.ts';

// Whatever a test asks the gateway for: its answer has to be one that `docs/openapi.json` describes. The document is read, and a shape compiled,
// when the first such answer comes.

const file = new URL('../docs/openapi.json', import.meta.url);
let known: { document: Document; ajv: Ajv2020 } | undefined;
const shapes = new Map<string, ValidateFunction>();

/** Throws when the document does not have the answer: its status, its media type, its headers and the shape of its body. */
export function requireDocumented(method: string, path: string, { status, headers, text, body }: Answer): void {
  requireShortHeaders(headers);
  const { document } = (known ??= read());
  const operation = operationAt(document, method, path);
  if (operation === undefined) return;
  const { pointer, responses } = operation;
  const key = String(status) in responses ? String(status) : 'default';
  const described = responses[key];
  if (described === undefined) throw undocumented(`the status ${status}`, method, path);
  const at = '$ref' in described ? described.$ref.slice(1) : `${pointer}/responses/${key}`;
  const answer = '$ref' in described ? (lookUp(document, at) as Exclude<typeof described, Reference>) : described;
  const content = answer.content ?? {};
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  if (text === '' && answer.content === undefined) return;
  if (!(mediaType in content)) throw undocumented(`${mediaType} with the status ${status}`, method, path);
  // A refusal of API Gateway's own has none of the gateway's headers.
  const isOwn = headers['x-request-id'] !== undefined;
  const missing = isOwn ? Object.keys(answer.headers ?? {}).filter((name) => headers[name] === undefined) : [];
  if (missing.length > 0) throw undocumented(`a ${status} without ${missing.join(', ')}`, method, path);
  const validate = shapeAt(`${at}/content/${mediaType.replace('/', '~1')}/schema`);
  if (validate(mediaType === 'application/json' ? body : text)) return;
  const faults = validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
  // Where it is wrong, never what it is: a body may hold a token.
  throw undocumented(`this body of a ${status}: ${faults.join(', ')}`, method, path);
}

/** API Gateway refuses a response with more than 8 KB of headers. */
function requireShortHeaders(headers: Answer['headers']): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (Buffer.byteLength(lines.join('')) >= 8192) throw new Error('the headers are longer than API Gateway allows');
}

/** The same for an answer of `fetch`, which is read to its end. */
export async function requireDocumentedResponse(method: string, path: string, response: Response): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  const text = await response.text();
  const isJson = text !== '' && headers['content-type'] === 'application/json';
  const body: unknown = isJson ? JSON.parse(text) : undefined;
  requireDocumented(method, path, { status: response.status, headers, text, body });
}

function read(): NonNullable<typeof known> {
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
  // Imported when it is needed: most of what it costs is to load it.
  const { Ajv2020: Validator } = createRequire(import.meta.url)('ajv/dist/2020.js') as { Ajv2020: typeof Ajv2020 };
  const ajv = new Validator({ strict: false, validateFormats: false, validateSchema: false });
  ajv.addSchema(document, 'document');
  return { document, ajv };
}

function operationAt({ paths }: Document, method: string, path: string) {
  const target = parseTarget(basePath + path);
  const routes = Object.entries(paths).flatMap(([documented, item]) =>
    Object.entries(item).map(([each, { responses }]) => ({
      method: each.toUpperCase(),
      path: basePath + documented,
      pointer: `/paths/${documented.replaceAll('/', '~1')}/${each}`,
      responses,
    })),
  );
  return target && selectRoute(routes, method, target.segments)?.route;
}

function lookUp(document: Document, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown>)[step.replaceAll('~1', '/')],
    document,
  );
}

function shapeAt(pointer: string): ValidateFunction {
  const { ajv } = (known ??= read());
  const shape = shapes.get(pointer) ?? ajv.compile({ $ref: `document#${encodeURI(pointer)}` });
  shapes.set(pointer, shape);
  return shape;
}

function undocumented(what: string, method: string, path: string): Error {
  return new Error(`docs/openapi.json does not have ${what} for ${method} ${path.split('?')[0]}`);
}
