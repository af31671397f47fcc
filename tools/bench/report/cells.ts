import type { Spread } from '../spread.ts';

/** A number with so many digits behind the point, and commas between thousands; a dash where there is none. */
export function number(value: number, digits = 0): string {
  if (Number.isNaN(value)) return '–';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A median with its quartiles: `1.52 (1.49–1.55)`. */
export function spread({ median, low, high }: Spread, digits = 2): string {
  return `${number(median, digits)} (${number(low, digits)}–${number(high, digits)})`;
}

/** Bytes in megabytes. */
export function megabytes(bytes: number): string {
  return number(bytes / 1e6);
}
