import { styleText } from 'node:util';
import type { Output } from './terminal.ts';

/** What a text is for whoever reads it, shown as a colour. */
export type Tone = 'good' | 'doubtful' | 'bad' | 'faint' | 'title' | 'command';

const styles = {
  good: 'green',
  doubtful: 'yellow',
  bad: 'red',
  faint: 'dim',
  title: 'bold',
  command: 'cyan',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

/** Gives a text its colour, or gives it back. */
export type Paint = (tone: Tone, text: string) => string;

/** Paints where they are `wanted` and the stream is a terminal with colours; for the latter, NO_COLOR and FORCE_COLOR decide first. */
export function paintFor(stream: Output, wanted: boolean): Paint {
  return (tone, text) => (wanted ? styleText(styles[tone], text, { stream }) : text);
}

/** Paints, whoever reads it. */
export const painted: Paint = (tone, text) => styleText(styles[tone], text, { validateStream: false });

/** Whether this paints anything. */
export const paints = (paint: Paint): boolean => paint('bad', 'x') !== 'x';
