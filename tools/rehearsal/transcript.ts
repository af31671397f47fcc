import type { Writable } from 'node:stream';

/** Tells what happens as it happens, and how long it took. */
export interface Transcript {
  /** Runs a part of the rehearsal; `tell` adds a line to what is told of it. */
  phase<T>(name: string, work: (tell: (line: string) => void) => Promise<T>): Promise<T>;
  /** One line for every phase, and all of them together. */
  summary(): string;
}

/** Begins a transcript. */
export function beginTranscript(out: Writable): Transcript {
  const phases: { name: string; milliseconds: number; failed: boolean }[] = [];
  return {
    async phase(name, work) {
      out.write(`${name}\n`);
      const began = performance.now();
      const phase = { name, milliseconds: 0, failed: true };
      phases.push(phase);
      try {
        const result = await work((line) => out.write(`  ${line}\n`));
        phase.failed = false;
        return result;
      } finally {
        phase.milliseconds = performance.now() - began;
      }
    },
    summary() {
      const total = phases.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      const lines = phases.map(
        ({ name, milliseconds, failed }) => `${seconds(milliseconds)}  ${name}${failed ? '  FAILED' : ''}`,
      );
      return [...lines, `${seconds(total)}  in all`].join('\n');
    },
  };
}

/** Seconds, aligned to the right. */
function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
}
