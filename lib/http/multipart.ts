import { randomUUID } from 'node:crypto';
import { invalid, uniqueFields, type RawFields } from './body.ts';

const mostFields = 100;

/**
 * Reads `multipart/form-data`, text fields alone, with Node's own parser, which Node loads at the first such body. Throws GatewayError
 * `invalidValue`.
 */
export async function parseMultipart(text: string, contentType: string): Promise<RawFields> {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const pairs = await readPairs(text, quoted ?? bare);
  if (pairs === undefined) throw invalid('The body is not valid multipart/form-data.');
  return uniqueFields(pairs);
}

/** The fields in their order; undefined when there is anything else. */
async function readPairs(text: string, boundary: string | undefined): Promise<[string, string][] | undefined> {
  if (boundary === undefined) return undefined;
  // The parser ends a value where it holds the boundary, dashes or not: with one of ours, none does.
  const own = randomUUID();
  const delimiter = new RegExp(`\\r\\n--${RegExp.escape(boundary)}(?=--|[ \\t]*\\r\\n)`, 'g');
  const body = `\r\n${text}`.replace(delimiter, `\r\n--${own}`);
  const headers = { 'content-type': `multipart/form-data; boundary=${own}` };
  try {
    const pairs: [string, string][] = [];
    for (const [name, value] of await new Response(body, { headers }).formData()) {
      if (typeof value !== 'string') return undefined;
      pairs.push([name, value]);
    }
    return pairs.length > mostFields ? undefined : pairs;
  } catch {
    return undefined;
  }
}
