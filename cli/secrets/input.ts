import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError } from '../cli-error.ts';
import type { Terminal } from '../terminal.ts';
import type { Field, Settable } from './catalog.ts';

/** Reads a secret's value from prompts or from standard input. Throws CliError if it is invalid, without quoting it. */
export async function readValue(
  { fields, bare, schema, example }: Settable,
  terminal: Terminal,
): Promise<Record<string, string>> {
  const { stdin } = terminal;
  const input = stdin.isTTY ? await prompt(fields, terminal) : await readJson(stdin, bare);
  const [v, schemas] = await Promise.all([import('valibot'), import('#lib/secrets/values.ts')]);
  const parsed = v.safeParse(schemas[schema](), input);
  const wrong = parsed.success ? unprintable(parsed.output) : (v.getDotPath(parsed.issues[0]) ?? 'value');
  if (parsed.success && wrong === undefined) return parsed.output;
  const expected = stdin.isTTY
    ? 'A value contains no spaces, and a client_id is a number.'
    : `Expected ${example} on standard input.`;
  throw new CliError(`The ${wrong} is missing or invalid; nothing was changed. ${expected}`);
}

/** Returns the field that contains a space or a control character: no header can carry it. */
function unprintable(value: Record<string, string>): string | undefined {
  return Object.keys(value).find((field) => !/^[\x21-\x7e]+$/.test(value[field] ?? ''));
}

async function prompt(fields: readonly Field[], terminal: Terminal): Promise<Record<string, string>> {
  const value: Record<string, string> = {};
  for (const field of fields) value[field.name] = (await ask(field, terminal)).trim();
  return value;
}

/** Prompts on standard error, so that standard output contains only the result. */
async function ask({ name, hidden }: Field, { stdin, stderr }: Terminal): Promise<string> {
  if (hidden) {
    const { default: password } = await import('@inquirer/password');
    return password({ message: `${name}:`, toggleMask: false }, { input: stdin, output: stderr });
  }
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await lines.question(`${name}: `);
  } catch (error) {
    // Ctrl-C leaves the cursor behind the prompt.
    stderr.write('\n');
    throw error;
  } finally {
    lines.close();
  }
}

/** Returns a JSON object, or the value of the `bare` field; undefined for any other input. */
async function readJson(stdin: Readable, bare?: string): Promise<unknown> {
  const input = (await text(stdin)).trim();
  if (bare !== undefined && !/^[{["]/.test(input)) return { [bare]: input };
  const value = parseJson(input);
  return Array.isArray(value) ? undefined : value;
}

/** Parses JSON; undefined for any other text. The parser's error would quote the text. */
export function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
