import { GatewayError } from '../errors.ts';

/** Fields as they came: strings, or whatever JSON holds. */
export type RawFields = Record<string, unknown>;

/** A body or a query that is not what it should be. */
export const invalid = (description: string) => new GatewayError('invalidValue', { description });
const repeated = () => invalid('A field is given twice.');

/** Reads `name=value&…`. Throws GatewayError `invalidValue` when a name comes twice. */
export function parseForm(text: string, place: 'query' | 'body'): RawFields {
  if (text === '') return {};
  const pairs = [...new URLSearchParams(text)];
  if (isReplaced(text)) throw invalid(`The ${place} is not UTF-8.`);
  return uniqueFields(pairs);
}

/** URLSearchParams replaces what it cannot decode: such a text is refused, not guessed at. One that says U+FFFD itself is fine. */
function isReplaced(text: string): boolean {
  return new URLSearchParams(text.replaceAll(/%EF%BF%BD|\ufffd/gi, '_')).toString().includes('%EF%BF%BD');
}

/** Reads a JSON object; a null counts as left out. Throws GatewayError `invalidValue` for anything else, and when a name comes twice. */
export function parseJson(text: string): RawFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The body is not a JSON object.');
  const names = topLevelNames(text);
  if (new Set(names).size !== names.length) throw repeated();
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** The pairs as fields. Throws GatewayError `invalidValue` when a name comes twice. */
export function uniqueFields(pairs: [string, string][]): RawFields {
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) throw repeated();
  return Object.fromEntries(fields);
}

/** The names of an object's own fields in valid JSON, repeated ones repeated: JSON.parse keeps the last alone. */
function topLevelNames(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && token.endsWith(':')) names.push(String(JSON.parse(token.slice(0, -1))));
  }
  return names;
}
