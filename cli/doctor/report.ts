import { operations } from '#lib/operations/table.ts';
import type { Paint, Tone } from '../paint.ts';
import type { Finding } from './check.ts';
import type { Examined } from './examine.ts';
import type { Subject } from './subject.ts';

const marks = {
  ok: ['good', '✓'],
  wrong: ['bad', '✗'],
  open: ['doubtful', '–'],
} as const satisfies Record<Finding['state'], [Tone, string]>;

/** The redirect URI that Budgea's console has to know; undefined when nobody says where the gateway answers. */
export async function callbackOf(subject: Subject): Promise<string | undefined> {
  const gateway = await subject.gateway().catch(() => undefined);
  return gateway === undefined ? undefined : gateway + operations.webauth_callback_get.path;
}

function mark(state: Finding['state'], paint: Paint): string {
  const [tone, text] = marks[state];
  return paint(tone, text);
}

/** The findings as a list, and the callback below it. */
export function report(found: readonly Examined[], callback: string | undefined, paint: Paint): string {
  const width = Math.max(...found.map(({ check }) => check.length));
  const list = found.map(({ check, state, text, commands = [] }) =>
    [
      `${mark(state, paint)} ${check.padEnd(width)}  ${text}`,
      ...commands.map((command) => `    ${paint('command', command)}`),
    ].join('\n'),
  );
  const whitelist =
    callback === undefined ? [] : ['', 'The redirect URI for the whitelist in Budgea’s console:', `  ${callback}`];
  return [...list, ...whitelist].join('\n');
}
