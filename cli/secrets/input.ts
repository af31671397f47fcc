import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Terminal } from '../terminal.ts';
import type { Field } from './settable.ts';

/** Asks a person for a secret's fields; what is hidden is not shown while it is typed. */
export async function askFor(fields: readonly Field[], terminal: Terminal): Promise<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const field of fields) given[field.name] = (await ask(field, terminal)).trim();
  return given;
}

/** Prompts go to standard error, so that standard output has the answer alone. */
async function ask({ label, hidden }: Field, { stdin, stderr }: Terminal): Promise<string> {
  if (hidden) {
    const { default: password } = await import('@inquirer/password');
    return password({ message: `${label}:`, toggleMask: false }, { input: stdin, output: stderr });
  }
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    return await lines.question(`${label}: `);
  } catch (error) {
    // Ctrl-C leaves the cursor behind the question.
    stderr.write('\n');
    throw error;
  } finally {
    lines.close();
  }
}

/** Reads a secret from standard input: a JSON object, or the value of `bare` alone. Gives undefined for what is neither, a list for one. */
export async function readInput(stdin: Readable, bare?: string): Promise<unknown> {
  const input = (await text(stdin)).trim();
  if (bare !== undefined && !/^[{["]/.test(input)) return { [bare]: input };
  try {
    const value: unknown = JSON.parse(input);
    return Array.isArray(value) ? undefined : value;
  } catch {
    // The parser's message quotes what it parses.
    return undefined;
  }
}
