import { GatewayError } from '../errors.ts';
import { lazy } from '../lazy.ts';
import type { Operation } from '../operations/table.ts';

type Place = 'path' | 'query' | 'body';

/** The fields of an operation. */
interface KnownFields {
  /** The place that each field belongs in. */
  places: ReadonlyMap<string, Place>;
  /** The fields by their letters and digits alone; built for the first name that is not a field's. */
  spelled: () => ReadonlyMap<string, string>;
}

const credentials = ['client_id', 'client_secret'];

/**
 * Refuses a name that differs from a field's only by case, brackets or separators, and a field in another place than its own. If they were
 * ignored, a call about one user could create another. Throws GatewayError `invalidValue`, which names the field and never repeats the name that
 * was sent. Credentials in a query stay ignored, however they are written.
 */
export function requireExactNames(operation: Operation, place: 'query' | 'body', names: Iterable<string>): void {
  const { places, spelled } = knownFields(operation);
  for (const name of names) {
    if (places.get(name) === place) continue;
    const field = spellings(name)
      .map((spelling) => spelled().get(spelling))
      .find((found) => found !== undefined);
    if (field === undefined) continue;
    const own = places.get(field);
    if (own === place) throw invalidName(`${field} is written differently: a field’s name must match exactly.`);
    if (!credentials.includes(field)) throw invalidName(`${field} belongs in the ${own}.`);
  }
}

function invalidName(description: string): GatewayError {
  return new GatewayError('invalidValue', { description });
}

const known = new WeakMap<Operation, KnownFields>();

function knownFields(operation: Operation): KnownFields {
  const found = known.get(operation);
  if (found !== undefined) return found;
  const { accepts, fields, path, request } = operation;
  const places = new Map<string, Place>();
  if (fields === 'body' && accepts.includes('client')) for (const name of credentials) places.set(name, 'body');
  for (const name of Object.keys(request().entries)) places.set(name, path.includes(`{${name}}`) ? 'path' : fields);
  const spelled = lazy(() => new Map(places.keys().flatMap((name) => spellings(name).map((each) => [each, name]))));
  const made = { places, spelled };
  known.set(operation, made);
  return made;
}

/** A name's letters and digits in lower case without an index at the end, with and without the content of brackets. */
function spellings(name: string): string[] {
  const plain = name.normalize('NFKC').toLowerCase();
  return [plain, plain.replace(/\[[^\]]*\]?/g, '')].map((text) => {
    const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
    return words.slice(0, words.findLastIndex((word) => !/^\d+$/.test(word)) + 1).join('');
  });
}
