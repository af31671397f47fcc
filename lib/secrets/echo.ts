import type { BudgeaResponse } from '../budgea/wire.ts';
import { GatewayError } from '../errors.ts';

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

/** A search for encoded text requires this many encoded characters in a row at most, as its time grows with that number. */
const longestRow = 24;

/**
 * Returns a function that yields the readings of a text: the text, the text with its escapes undone once, twice and so on, then the ASCII
 * texts that its base64, hexadecimal and decimal codes stand for, read in the same way. Encoded texts of fewer than `shortest` characters
 * are ignored. A hostile text can have any number of readings: the caller limits them.
 */
export function reader(shortest: number): (text: string) => Generator<string> {
  const row = Math.min(shortest, longestRow);
  const [base64, hexadecimal, decimal] = [base64Decoder(row), hexadecimalDecoder(row), decimalDecoder(row)];
  const ascii = '[\\0\\t-\\r -~]';
  const asciiText = new RegExp(`${ascii.repeat(row)}${ascii}*`, 'g');
  return function* readings(text) {
    // The loop also visits what is added on the way.
    const texts = [text];
    for (const encoded of texts) {
      let plain = encoded;
      for (plain of unescapings(encoded)) yield plain;
      const compact = withoutSpace(plain);
      for (const decoded of [...base64(compact), ...hexadecimal(compact), ...decimal(plain)]) {
        for (const found of decoded.match(asciiText) ?? []) texts.push(found);
      }
    }
  };
}

/** Yields a text, then the text with its escapes undone once, twice and so on, until it has none. */
export function* unescapings(text: string): Generator<string> {
  let plain: string;
  let next = text;
  do {
    plain = next;
    yield plain;
    next = unescaped(plain);
  } while (next !== plain);
}

/** Returns a text without white space, which breaks encoded text into lines. */
export function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

/** Undoes one level of escapes. Backslashes come last, as the character behind one can be escaped in another way. */
function unescaped(text: string): string {
  let plain = text;
  if (plain.includes('%')) plain = plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => character(hex, 16));
  if (plain.includes('&')) plain = plain.replace(/&(?:#x([0-9a-f]{1,6});?|#(\d{1,7});?|([a-z]{2,6});)/gi, reference);
  // Every second byte of ASCII in UTF-16.
  if (plain.includes('\0')) plain = plain.replaceAll('\0', '');
  if (plain.includes('\\')) plain = plain.replace(/\\+(?:(?:u00|x)([0-9a-f]{2})|([nrt]))?/gi, backslashed);
  return plain;
}

const named = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", plus: '+', sol: '/', equals: '=', lowbar: '_' }),
);

/** HTML's character references. */
function reference(whole: string, hex?: string, decimal?: string, name = ''): string {
  if (hex !== undefined) return character(hex, 16);
  if (decimal !== undefined) return character(decimal, 10);
  return named.get(name.toLowerCase()) ?? whole;
}

/** JSON's escapes and those of string literals, with as many backslashes as JSON strings inside each other require. */
function backslashed(_: string, hex?: string, space?: string): string {
  if (hex !== undefined) return character(hex, 16);
  return space === undefined ? '' : '\n';
}

const character = (code: string, radix: number) => String.fromCharCode(Number.parseInt(code, radix));

/** Returns what a text can stand for; empty when there is no sign of the encoding. */
type Decoder = (text: string) => string[];

/** Base64 and base64url. A group of four characters can begin at any of the first four. */
function base64Decoder(row: number): Decoder {
  // A group that stands for three characters of ASCII, which have no highest bit. A random token has few of those in a row.
  const group = '[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][\\w+/-]';
  const sign = new RegExp(group.repeat(Math.floor((row - 2) / 3)));
  return (text) => {
    if (!sign.test(text)) return [];
    const digits = text.replace(/[^\w+/-]+/g, '');
    return [0, 1, 2, 3].map((start) => Buffer.from(digits.slice(start), 'base64').toString('latin1'));
  };
}

/** Hexadecimal, in one piece or with punctuation or `0x` between bytes. A byte can begin at any of the first two digits. */
function hexadecimalDecoder(row: number): Decoder {
  const byte = '[0-7][0-9A-Fa-f]';
  const separated = `(?:[^0-9A-Za-z]+(?:0[xX])?|0[xX])${byte}`;
  const sign = new RegExp(`${byte.repeat(row)}|${byte}${separated.repeat(row - 1)}`);
  return (text) => {
    if (!sign.test(text)) return [];
    const digits = text.replace(/0x|[^0-9a-f]+/gi, '');
    return [0, 1].map((start) => Buffer.from(digits.slice(start), 'hex').toString('latin1'));
  };
}

/** Decimal character codes with punctuation or white space between them, as in an array of bytes. */
function decimalDecoder(row: number): Decoder {
  const sign = new RegExp(`\\d${'[^0-9A-Za-z]+\\d{1,3}'.repeat(row - 1)}`);
  return (text) => {
    if (!sign.test(text)) return [];
    const codes = text.match(/\d{1,3}/g) ?? [];
    return [codes.map((code) => character(code, 10)).join('')];
  };
}
