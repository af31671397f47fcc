import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Document, Reference } from '#lib/openapi/schema.ts';
import { basePath } from '#lib/operations/table.ts';
import { selectRoute } from '#local/api-gateway/routes.ts';
import { parseTarget } from '#local/api-gateway/routes.ts';
import type { TestResponse } from './invoke.ts';

// Every response in the tests must match `docs/openapi.json`. The document is read, and a schema compiled, when they are first needed.

const file = new URL('../docs/openapi.json', import.meta.url);
let loaded: { document: Document; ajv: Ajv2020 } | undefined;
const schemas = new Map<string, ValidateFunction>();

/** Throws when the status, the media type, the headers or the body of a response do not match the document. */
export function requireDocumented(method: string, path: string, { status, headers, text, body }: TestResponse): void {
  requireShortHeaders(headers);
  const { document } = (loaded ??= read());
  const operation = operationAt(document, method, path);
  if (operation === undefined) return;
  const { pointer, responses } = operation;
  const key = String(status) in responses ? String(status) : 'default';
  const described = responses[key];
  if (described === undefined) throw undocumented(`the status ${status}`, method, path);
  const at = '$ref' in described ? described.$ref.slice(1) : `${pointer}/responses/${key}`;
  const response = '$ref' in described ? (lookUp(document, at) as Exclude<typeof described, Reference>) : described;
  const content = response.content ?? {};
  const mediaType = headers['content-type']?.split(';')[0] ?? '';
  if (text === '' && response.content === undefined) return;
  if (!(mediaType in content)) throw undocumented(`${mediaType} with the status ${status}`, method, path);
  // Errors of API Gateway itself do not have the gateway's headers.
  const isGateways = headers['x-request-id'] !== undefined;
  const missing = isGateways ? Object.keys(response.headers ?? {}).filter((name) => headers[name] === undefined) : [];
  if (missing.length > 0) throw undocumented(`a ${status} without ${missing.join(', ')}`, method, path);
  const validate = schemaAt(`${at}/content/${mediaType.replace('/', '~1')}/schema`);
  if (validate(mediaType === 'application/json' ? body : text)) return;
  const faults = validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
  // The error names the place, never the value: a body can contain a token.
  throw undocumented(`this body of a ${status}: ${faults.join(', ')}`, method, path);
}

/** Throws for more than 8 KB of headers, which API Gateway rejects. */
function requireShortHeaders(headers: TestResponse['headers']): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  if (Buffer.byteLength(lines.join('')) >= 8192) throw new Error('the headers are longer than API Gateway allows');
}

/** Same as {@link requireDocumented}, for a response of `fetch`. Consumes its body. */
export async function requireDocumentedResponse(method: string, path: string, response: Response): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  const text = await response.text();
  const isJson = text !== '' && headers['content-type'] === 'application/json';
  const body: unknown = isJson ? JSON.parse(text) : undefined;
  requireDocumented(method, path, { status: response.status, headers, text, body });
}

function read(): NonNullable<typeof loaded> {
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document;
  // Loaded on demand, as loading takes most of its time.
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

function schemaAt(pointer: string): ValidateFunction {
  const { ajv } = (loaded ??= read());
  const schema = schemas.get(pointer) ?? ajv.compile({ $ref: `document#${encodeURI(pointer)}` });
  schemas.set(pointer, schema);
  return schema;
}

function undocumented(what: string, method: string, path: string): Error {
  return new Error(`docs/openapi.json does not have ${what} for ${method} ${path.split('?')[0]}`);
}
