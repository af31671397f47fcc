import { now } from '#lib/clock.ts';
import { shorten } from './table.ts';
import type { Output } from './terminal.ts';

/** Minimum time between two progress lines if the output is not a terminal, in milliseconds. */
const interval = 2_000;

/** Creates a display of the progress of long work: one line that is overwritten on a terminal, an occasional line elsewhere. */
export function createProgress(stream: Output) {
  let isVisible = false;
  let next = now() + interval;
  return {
    show(text: string) {
      if (stream.isTTY) {
        isVisible = true;
        stream.write(`\r\u001B[2K${shorten(text, (stream.columns ?? 80) - 1)}`);
      } else if (now() >= next) {
        next = now() + interval;
        stream.write(`${text}\n`);
      }
    },
    /** Removes the line so that other output can follow. */
    clear() {
      if (isVisible) stream.write('\r\u001B[2K');
      isVisible = false;
    },
  };
}
