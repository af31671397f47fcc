import { invalid, uniqueFields, type RawFields } from './body.ts';

/**
 * Reads `multipart/form-data`, text fields alone, with Node's own parser, which Node loads at the first such body. Throws GatewayError
 * `invalidValue`.
 */
export async function parseMultipart(bytes: Buffer<ArrayBuffer>, contentType: string): Promise<RawFields> {
  const pairs = await readPairs(bytes, contentType);
  if (pairs === undefined) throw invalid('The body is not valid multipart/form-data.');
  return uniqueFields(pairs);
}

/** The fields in their order; undefined when there is anything else. */
async function readPairs(bytes: Buffer<ArrayBuffer>, contentType: string): Promise<[string, string][] | undefined> {
  try {
    const body = new Response(bytes, { headers: { 'content-type': contentType } });
    const pairs: [string, string][] = [];
    for (const [name, value] of await body.formData()) {
      if (typeof value !== 'string') return undefined;
      pairs.push([name, value]);
    }
    return pairs.length > mostFields ? undefined : pairs;
  } catch {
    return undefined;
  }
}

const mostFields = 100;
