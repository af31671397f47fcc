/**
 * Finds secrets in a text by undoing encodings, one inside another: JSON's escapes, percent-encoding, base64 and hexadecimal at any
 * alignment. It knows nothing of how the gateway looks for its own. Gives the names of those that it found.
 */
export function tracesIn(text: string, secrets: ReadonlyMap<string, string>): string[] {
  const readings = readingsOf(text, 3);
  return [...secrets].flatMap(([name, secret]) => (readings.some((reading) => reading.includes(secret)) ? [name] : []));
}

/** The texts that a text can stand for, itself first. */
function readingsOf(text: string, depth: number): string[] {
  if (depth === 0) return [text];
  const once = [
    unescaped(text),
    percentDecoded(text),
    ...runs(text, /[\w+/-]{12,}/g, base64),
    ...runs(text, hexRun, hex),
  ];
  const others = [...new Set(once)].filter((reading) => reading !== text && reading.length > 7);
  return [text, ...others.flatMap((reading) => readingsOf(reading, depth - 1))];
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

/** Everything that the runs of a text decode to, joined, for each way to decode one. */
function runs(text: string, run: RegExp, decode: (run: string) => string[]): string[] {
  const decoded = (text.match(run) ?? []).map(decode);
  const ways = Math.max(0, ...decoded.map(({ length }) => length));
  return Array.from({ length: ways }, (_, way) => decoded.map((each) => each[way]).join('\n'));
}

function base64(run: string): string[] {
  return [0, 1, 2, 3].map((offset) => Buffer.from(run.slice(offset), 'base64').toString('latin1'));
}

function hex(run: string): string[] {
  return [0, 1].map((offset) => Buffer.from(run.slice(offset), 'hex').toString('latin1'));
}
