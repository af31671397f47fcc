import type { BudgeaResponse } from '../budgea/wire.ts';
import { GatewayError } from '../errors.ts';

/** The minimum length of a checked credential. Shorter ones match by chance. */
const minLength = 8;
/** The limit of all decoded texts of a response, in characters: eight times the maximum response. */
const maxDecoded = 8 * 1024 * 1024;

/**
 * Throws GatewayError `badGateway` when the body or the `Location` of a response repeats a credential that was attached to the request, or
 * when the decoded texts exceed the limit. The signature of a JWT is treated as the JWT.
 *
 * Covered, nested to any depth within the limit: percent-encoding; backslash escapes of JSON, `\x` and JSON in JSON strings; HTML character
 * references, numeric and of common punctuation; base64 and base64url, at any offset, unpadded, in lines; bytes in hexadecimal or decimal, with
 * any separators except letters; UTF-16. Letter case and white space of the credential are ignored.
 *
 * Not covered: encryption, hashes, compression, reversal; other encodings, such as quoted-printable, base32 and octal; base64 in another
 * letter case; a part of a credential, or its parts with something between them, as in several fields; credentials of under 8 characters.
 */
export function rejectEcho({ body, headers }: BudgeaResponse, credentials: readonly string[]): void {
  for (const credential of credentials) {
    if (credential.length < minLength) continue;
    const search = searchFor(credential);
    search(body);
    search(headers['location'] ?? '');
  }
}

/** Throws when the text contains the credential. */
type Search = (text: string) => void;

const searches = new Map<string, Search>();
/** A function signs with at most three secrets and, after a rotation, their successors. */
const maxSearches = 8;

/** Returns the search for a credential. It is created once, as the same few credentials sign all calls. */
function searchFor(credential: string): Search {
  const cached = searches.get(credential);
  if (cached !== undefined) return cached;
  if (searches.size >= maxSearches) searches.clear();
  const search = makeSearch(credential);
  searches.set(credential, search);
  return search;
}

function makeSearch(credential: string): Search {
  // Decoding a text also decodes parts of the credential that look like an escape.
  const needles = Array.from(unescapings(secretPart(credential)), folded).filter(({ length }) => length >= minLength);
  const decode = decoder(Math.min(...needles.map(({ length }) => length)));
  return (text) => {
    let length = 0;
    for (const decoded of decode(text)) {
      length += decoded.length;
      if (length > maxDecoded) throw badGateway('the response is encoded too deeply to be searched for credentials');
      const searched = folded(decoded);
      if (needles.some((needle) => searched.includes(needle))) {
        throw badGateway('the response repeats a credential of the gateway');
      }
    }
  };
}

/** Returns the signature of a JWT: a JWT is unusable without it, and other JWTs share its header. */
function secretPart(credential: string): string {
  return /^[\w-]+\.[\w-]+\.([\w-]{20,})$/.exec(credential)?.[1] ?? credential;
}

/** Removes what a comparison ignores: letter case and white space. */
const folded = (text: string) => withoutSpace(text).toLowerCase();

const badGateway = (detail: string) => new GatewayError('badGateway', { detail });

/** The maximum number of consecutive encoded characters that the detection of an encoding requires. Its run time grows with this number. */
const maxRun = 24;

/**
 * Returns a generator of the decoded forms of a text: the text, the text with its escapes decoded once, twice and so on, then the ASCII texts
 * in its base64, hexadecimal and decimal codes, decoded recursively. Encoded texts of fewer than `shortest` characters are ignored. A hostile
 * text can have any number of forms: the caller must limit them.
 */
function decoder(shortest: number): (text: string) => Generator<string> {
  const run = Math.min(shortest, maxRun);
  const [base64, hexadecimal, decimal] = [base64Decoder(run), hexadecimalDecoder(run), decimalDecoder(run)];
  const ascii = '[\\0\\t-\\r -~]';
  const asciiText = new RegExp(`${ascii.repeat(run)}${ascii}*`, 'g');
  return function* decode(text) {
    // The loop also visits the texts that are added during it.
    const texts = [text];
    for (const encoded of texts) {
      let plain = encoded;
      for (plain of unescapings(encoded)) yield plain;
      const compact = withoutSpace(plain);
      for (const decoded of [...base64(compact), ...hexadecimal(compact), ...decimal(plain)]) {
        for (const match of decoded.match(asciiText) ?? []) texts.push(match);
      }
    }
  };
}

/** Yields a text, then the text with its escapes decoded once, twice and so on, until it has none. */
function* unescapings(text: string): Generator<string> {
  let plain: string;
  let next = text;
  do {
    plain = next;
    yield plain;
    next = unescaped(plain);
  } while (next !== plain);
}

/** Removes white space, which can break encoded text into lines. */
function withoutSpace(text: string): string {
  return text.replace(/\s+/g, '');
}

/** Decodes one level of escapes. Backslashes come last, as the character after one can be escaped in another way. */
function unescaped(text: string): string {
  let plain = text;
  if (plain.includes('%')) plain = plain.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => character(hex, 16));
  if (plain.includes('&')) plain = plain.replace(/&(?:#x([0-9a-f]{1,6});?|#(\d{1,7});?|([a-z]{2,6});)/gi, reference);
  // In UTF-16, every second byte of ASCII text is NUL.
  if (plain.includes('\0')) plain = plain.replaceAll('\0', '');
  if (plain.includes('\\')) plain = plain.replace(/\\+(?:(?:u00|x)([0-9a-f]{2})|([nrt]))?/gi, backslashed);
  return plain;
}

const named = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", plus: '+', sol: '/', equals: '=', lowbar: '_' }),
);

/** Decodes an HTML character reference. */
function reference(whole: string, hex?: string, decimal?: string, name = ''): string {
  if (hex !== undefined) return character(hex, 16);
  if (decimal !== undefined) return character(decimal, 10);
  return named.get(name.toLowerCase()) ?? whole;
}

/** Decodes an escape of JSON or of a string literal, with the additional backslashes of nested JSON strings. */
function backslashed(_: string, hex?: string, space?: string): string {
  if (hex !== undefined) return character(hex, 16);
  return space === undefined ? '' : '\n';
}

const character = (code: string, radix: number) => String.fromCharCode(Number.parseInt(code, radix));

/** Returns the possible decoded texts; empty when the text does not contain the encoding. */
type Decoder = (text: string) => string[];

/** Decodes base64 and base64url. A group of four characters can start at any of the first four. */
function base64Decoder(run: number): Decoder {
  // A group that encodes three ASCII characters, whose highest bit is 0. A random token has few of those in succession.
  const group = '[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][\\w+/-]';
  const pattern = new RegExp(group.repeat(Math.floor((run - 2) / 3)));
  return (text) => {
    if (!pattern.test(text)) return [];
    const digits = text.replace(/[^\w+/-]+/g, '');
    return [0, 1, 2, 3].map((start) => Buffer.from(digits.slice(start), 'base64').toString('latin1'));
  };
}

/** Decodes hexadecimal bytes, contiguous or separated by punctuation or `0x`. A byte can start at any of the first two digits. */
function hexadecimalDecoder(run: number): Decoder {
  const byte = '[0-7][0-9A-Fa-f]';
  const separated = `(?:[^0-9A-Za-z]+(?:0[xX])?|0[xX])${byte}`;
  const pattern = new RegExp(`${byte.repeat(run)}|${byte}${separated.repeat(run - 1)}`);
  return (text) => {
    if (!pattern.test(text)) return [];
    const digits = text.replace(/0x|[^0-9a-f]+/gi, '');
    return [0, 1].map((start) => Buffer.from(digits.slice(start), 'hex').toString('latin1'));
  };
}

/** Decodes decimal character codes separated by punctuation or white space, as in an array of bytes. */
function decimalDecoder(run: number): Decoder {
  const pattern = new RegExp(`\\d${'[^0-9A-Za-z]+\\d{1,3}'.repeat(run - 1)}`);
  return (text) => {
    if (!pattern.test(text)) return [];
    const codes = text.match(/\d{1,3}/g) ?? [];
    return [codes.map((code) => character(code, 10)).join('')];
  };
}
