import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

/** The three standard streams; properties that only a terminal has are optional. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean };
  stdout: Output;
  stderr: Output;
}

/** A stream that a command writes to. */
export type Output = Writable & { isTTY?: boolean; columns?: number };

/** The meaning of a text, shown as a colour. */
export type Tone = keyof typeof styles;

const styles = {
  success: 'green',
  warning: 'yellow',
  error: 'red',
  dim: 'dim',
  title: 'bold',
  command: 'cyan',
} as const;

/** Colours a text, or returns it unchanged. */
export type Paint = (tone: Tone, text: string) => string;

/** Returns a painter that colours if `enabled` and the stream supports colours; NO_COLOR and FORCE_COLOR override the stream. */
export function paintFor(stream: Output, enabled: boolean): Paint {
  return (tone, text) => (enabled ? styleText(styles[tone], text, { stream }) : text);
}

/** Colours a text for any stream. */
export const painted: Paint = (tone, text) => styleText(styles[tone], text, { validateStream: false });

/** Whether the painter colours texts. */
export const paints = (paint: Paint): boolean => paint('error', 'x') !== 'x';
