/** A shorter credential would be found by chance. */
const shortest = 8;

/**
 * Whether an answer repeats one of the credentials that were attached to its request: as it is, or JSON-escaped, percent-encoded, in
 * hexadecimal, or in base64 with anything around it (as inside a Basic header).
 */
export function echoes(text: string, credentials: readonly string[]): boolean {
  const checked = credentials.filter((credential) => credential.length >= shortest);
  if (checked.length === 0) return false;
  const looked = checked.flatMap(knownWritings);
  return readings(text).some((reading) => looked.some((writing) => reading.includes(writing)));
}

/** What a text can stand for: most have neither kind of escape, and stand for themselves alone. */
function readings(text: string): string[] {
  if (!/[\\%]/.test(text)) return [text];
  return [...new Set([text, jsonUnescaped(text)].flatMap((reading) => [reading, percentDecoded(reading)]))];
}

/** Without a backslash there is no escape. */
function jsonUnescaped(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    // Strings come out with the escapes that JSON needs alone.
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

/** Three times, as an answer can quote an address that holds another, which holds the form that was sent. */
function percentDecoded(text: string): string {
  return decodedOnce(decodedOnce(decodedOnce(text)));
}

function decodedOnce(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const written = new Map<string, string[]>();
/** A function signs with three secrets at most, and for a moment with their successors. */
const mostWritten = 8;

/** The same few credentials sign every call: what each looks like is worked out once, which is most of what the search takes. */
function knownWritings(credential: string): string[] {
  const known = written.get(credential);
  if (known !== undefined) return known;
  if (written.size >= mostWritten) written.clear();
  const made = writings(credential);
  written.set(credential, made);
  return made;
}

/** A credential travels in a header, a form or JSON, and whoever encodes the whole request encodes what it looks like there. */
function writings(credential: string): string[] {
  const form = new URLSearchParams({ '': credential }).toString().slice(1);
  const json = JSON.stringify(credential).slice(1, -1);
  return [...new Set([credential, form, json])].flatMap(encodings);
}

function encodings(sent: string): string[] {
  const bytes = Buffer.from(sent);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].flatMap((offset) => {
    // The first and last characters depend on the neighbouring bytes; what lies between does not.
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(offset === 0 ? 0 : 4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [sent, hex, hex.toUpperCase(), ...base64];
}
