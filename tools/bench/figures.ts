import { setImmediate } from 'node:timers/promises';

/** The median of measurements, and the quartiles. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** The median and the quartiles; NaN without measurements. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** The median; NaN without measurements. */
export function median(numbers: readonly number[]): number {
  return spreadOf(numbers).median;
}

/** Interpolates between the two nearest numbers. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Rows of cells, the first of them titles. */
export type Table = readonly [readonly string[], ...(readonly string[])[]];

/** A number with commas between thousands; a dash for NaN. */
export function number(value: number, digits = 0): string {
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A median with its quartiles: `1.52 (1.49–1.55)`. */
export function spread({ median: middle, low, high }: Spread, digits = 2): string {
  return `${number(middle, digits)} (${number(low, digits)}–${number(high, digits)})`;
}

/** Bytes in megabytes. */
export function megabytes(bytes: number): string {
  return number(bytes / 1e6);
}

/** Reports the progress of a measurement, and stops it. */
export interface Progress {
  report: (progress: string) => void;
  signal: AbortSignal;
}

/**
 * Measures all subjects in every round, each round beginning with the next subject, so that other load on the machine affects all alike. Returns
 * each subject's results by round. Rejects after `signal`.
 */
export async function inTurns<Subject, Result>(
  what: string,
  subjects: readonly Subject[],
  rounds: number,
  { report, signal }: Progress,
  measure: (subject: Subject, round: number) => Promise<Result>,
): Promise<Map<Subject, Result[]>> {
  const results = new Map(subjects.map((subject) => [subject, [] as Result[]]));
  for (let round = 0; round < rounds; round += 1) {
    report(`${what}: round ${round + 1} of ${rounds}`);
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      await setImmediate(undefined, { signal });
      results.get(subject)?.push(await measure(subject, round));
    }
  }
  return results;
}
