/** What many measurements of one thing come to: their median, and where the middle half of them lies. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** The median and the quartiles; NaN of nothing. */
export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** The median; NaN of nothing. */
export function median(numbers: readonly number[]): number {
  return spreadOf(numbers).median;
}

/** Between the two nearest ones, in proportion. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}
