import { invalidValue } from '../errors.ts';
import { lazy } from '../lazy.ts';
import type { Operation } from '../operations/table.ts';

type Place = 'path' | 'query' | 'body';

/** The fields of an operation. */
interface KnownFields {
  /** The place of each field. */
  places: ReadonlyMap<string, Place>;
  /** The fields by their letters and digits. Built for the first unknown name. */
  bySpelling: () => ReadonlyMap<string, string>;
}

const credentials = ['client_id', 'client_secret'];

/**
 * Rejects names that differ from a field's name only by case, brackets or separators, and fields in the wrong place. If they were ignored, a
 * call about an existing user could create a new one. Throws GatewayError `invalidValue`, which names the field and never repeats the name
 * that was sent. Credentials in the query are ignored in any spelling.
 */
export function requireExactNames(operation: Operation, place: 'query' | 'body', names: Iterable<string>): void {
  const { places, bySpelling } = knownFields(operation);
  for (const name of names) {
    if (places.get(name) === place) continue;
    const field = spellings(name)
      .map((spelling) => bySpelling().get(spelling))
      .find((known) => known !== undefined);
    if (field === undefined) continue;
    const fieldPlace = places.get(field);
    if (fieldPlace === place) throw invalidValue(`${field} is misspelled: field names must match exactly.`);
    if (!credentials.includes(field)) throw invalidValue(`${field} must be sent in the ${fieldPlace}.`);
  }
}

const cache = new WeakMap<Operation, KnownFields>();

function knownFields(operation: Operation): KnownFields {
  const cached = cache.get(operation);
  if (cached !== undefined) return cached;
  const { accepts, fields, path, request } = operation;
  const places = new Map<string, Place>();
  if (fields === 'body' && accepts.includes('client')) for (const name of credentials) places.set(name, 'body');
  for (const name of Object.keys(request().entries)) places.set(name, path.includes(`{${name}}`) ? 'path' : fields);
  const bySpelling = lazy(() => new Map(places.keys().flatMap((name) => spellings(name).map((each) => [each, name]))));
  const fieldsOfOperation = { places, bySpelling };
  cache.set(operation, fieldsOfOperation);
  return fieldsOfOperation;
}

/** Returns a name's letters and digits in lower case, without a trailing index: once with and once without the content of brackets. */
function spellings(name: string): string[] {
  const plain = name.normalize('NFKC').toLowerCase();
  return [plain, plain.replace(/\[[^\]]*\]?/g, '')].map((text) => {
    const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
    return words.slice(0, words.findLastIndex((word) => !/^\d+$/.test(word)) + 1).join('');
  });
}
