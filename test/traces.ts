/**
 * Returns the names of the secrets in a text. Decodes nested JSON escapes, percent-encoding, base64 and hexadecimal at any alignment,
 * independently of the implementation in the gateway.
 */
export function tracesIn(text: string, secrets: ReadonlyMap<string, string>): string[] {
  const decodings = decode(text, 3);
  return [...secrets].flatMap(([name, secret]) => (decodings.some((each) => each.includes(secret)) ? [name] : []));
}

/** Returns the possible decodings of a text, the text itself first. */
function decode(text: string, depth: number): string[] {
  if (depth === 0) return [text];
  const once = [
    unescaped(text),
    percentDecoded(text),
    ...runs(text, /[\w+/-]{12,}/g, base64),
    ...runs(text, hexRun, hex),
  ];
  const others = [...new Set(once)].filter((decoded) => decoded !== text && decoded.length > 7);
  return [text, ...others.flatMap((decoded) => decode(decoded, depth - 1))];
}

const hexRun = /(?:[0-9a-f]{2}){8,}/gi;

function unescaped(text: string): string {
  return text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["\\/])/g, '$1');
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Returns the joined decodings of the encoded runs in a text, one for each alignment. */
function runs(text: string, run: RegExp, decodeRun: (run: string) => string[]): string[] {
  const decoded = (text.match(run) ?? []).map(decodeRun);
  const alignments = Math.max(0, ...decoded.map(({ length }) => length));
  return Array.from({ length: alignments }, (_, alignment) => decoded.map((each) => each[alignment]).join('\n'));
}

function base64(run: string): string[] {
  return [0, 1, 2, 3].map((offset) => Buffer.from(run.slice(offset), 'base64').toString('latin1'));
}

function hex(run: string): string[] {
  return [0, 1].map((offset) => Buffer.from(run.slice(offset), 'hex').toString('latin1'));
}
