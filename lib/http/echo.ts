import type { BudgeaResponse } from '../budgea/response.ts';
import { GatewayError } from '../errors.ts';
import { reader, unescapings, withoutSpace } from './decode.ts';

/** A shorter credential would be found by chance. */
const shortest = 8;
/** The limit of an answer's readings, in characters in total: eight times the longest answer. */
const mostRead = 8 * 1024 * 1024;

/**
 * Throws GatewayError `badGateway` when the body or the `Location` of an answer repeats a credential that was attached to the request, or
 * when the readings exceed the limit. The signature of a JWT counts as the JWT.
 *
 * Covered, one in another to any depth within the limit: percent-encoding; backslash escapes of JSON, `\x` and JSON in JSON strings; HTML
 * character references, numeric and of common punctuation; base64 and base64url, at any offset, unpadded, in lines; bytes in hexadecimal or
 * decimal, with any separators but letters; UTF-16. Letter case and white space of the credential do not count.
 *
 * Not covered: encryption, hashes, compression, reversal; other encodings, such as quoted-printable, base32 and octal; base64 in another
 * letter case; a part of a credential, or its parts with something between them, as in several fields; credentials of under 8 characters.
 */
export function rejectEcho({ body, headers }: BudgeaResponse, credentials: readonly string[]): void {
  for (const credential of credentials) {
    if (credential.length < shortest) continue;
    const search = searchFor(credential);
    search(body);
    search(headers['location'] ?? '');
  }
}

/** Throws when the credential is in the text. */
type Search = (text: string) => void;

const searches = new Map<string, Search>();
/** A function signs with three secrets at most, and for a moment with their successors. */
const mostSearches = 8;

/** The same few credentials sign every call: a search is prepared once. */
function searchFor(credential: string): Search {
  const known = searches.get(credential);
  if (known !== undefined) return known;
  if (searches.size >= mostSearches) searches.clear();
  const prepared = makeSearch(credential);
  searches.set(credential, prepared);
  return prepared;
}

function makeSearch(credential: string): Search {
  // Where readings undo escapes, they also undo what looks like one in the credential itself.
  const needles = Array.from(unescapings(secretPart(credential)), folded).filter(({ length }) => length >= shortest);
  const readings = reader(Math.min(...needles.map(({ length }) => length)));
  return (text) => {
    let read = 0;
    for (const reading of readings(text)) {
      read += reading.length;
      if (read > mostRead) throw badGateway('the answer is encoded too deeply to be searched for credentials');
      const searched = folded(reading);
      if (needles.some((needle) => searched.includes(needle))) {
        throw badGateway('the answer repeats a credential of the gateway');
      }
    }
  };
}

/** The signature of a JWT: without it a JWT is worth nothing, and its header is that of others too. */
function secretPart(credential: string): string {
  return /^[\w-]+\.[\w-]+\.([\w-]{20,})$/.exec(credential)?.[1] ?? credential;
}

/** A form in which texts are compared: letter case and white space do not count. */
const folded = (text: string) => withoutSpace(text).toLowerCase();

const badGateway = (detail: string) => new GatewayError('badGateway', { detail });
