import type { Writable } from 'node:stream';

/** Prints the phases as they run, and their times. */
export interface Transcript {
  /** Runs a phase; `report` prints a line about it. */
  phase: <T>(name: string, work: (report: (line: string) => void) => Promise<T>) => Promise<T>;
  /** One line for every phase, and one for the total. */
  summary(): string;
}

/** Begins a transcript. */
export function beginTranscript(out: Writable): Transcript {
  const phases: { name: string; milliseconds: number; failed: boolean }[] = [];
  return {
    async phase(name, work) {
      out.write(`${name}\n`);
      const startedAt = performance.now();
      const phase = { name, milliseconds: 0, failed: true };
      phases.push(phase);
      try {
        const result = await work((line) => out.write(`  ${line}\n`));
        phase.failed = false;
        return result;
      } finally {
        phase.milliseconds = performance.now() - startedAt;
      }
    },
    summary() {
      const milliseconds = phases.reduce((sum, phase) => sum + phase.milliseconds, 0);
      return [...phases, { name: 'total', milliseconds, failed: false }]
        .map((phase) => `${seconds(phase.milliseconds)}  ${phase.name}${phase.failed ? '  FAILED' : ''}`)
        .join('\n');
    },
  };
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
