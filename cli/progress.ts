import { now } from '#lib/clock.ts';
import type { Output } from './terminal.ts';
import { shorten } from './table.ts';

/** Elsewhere than on a terminal, between two signs of life: milliseconds. */
const interval = 2_000;

/** How far long work is: one line that is written over on a terminal, now and then a line elsewhere. */
export interface Progress {
  show(text: string): void;
  /** Takes the line away, so that something else can be written. */
  clear(): void;
}

/** Shows progress on a stream. */
export function createProgress(stream: Output): Progress {
  let shown = false;
  let next = now() + interval;
  return {
    show(text) {
      if (stream.isTTY) {
        shown = true;
        stream.write(`\r\u001B[2K${shorten(text, (stream.columns ?? 80) - 1)}`);
      } else if (now() >= next) {
        next = now() + interval;
        stream.write(`${text}\n`);
      }
    },
    clear() {
      if (shown) stream.write('\r\u001B[2K');
      shown = false;
    },
  };
}
