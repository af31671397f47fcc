/** Formats an ISO 8601 time to the minute. */
export function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Shortens a secret's version id. */
export function shortId(versionId: string): string {
  return versionId.slice(0, 8);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** Formats a duration in milliseconds by its two largest units, without its sign: `3 h 5 min`. */
export function duration(milliseconds: number): string {
  let rest = Math.abs(milliseconds);
  const first = units.findIndex(([, size]) => rest >= size);
  const parts = units.slice(first === -1 ? -1 : first).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count} ${unit}`;
  });
  return parts.slice(0, 2).filter(Boolean).join(' ') || '0 s';
}

/** Joins values on one line; returns `none` if there are no values. */
export function list(values: readonly string[], none = 'none'): string {
  return values.length === 0 ? none : values.join(', ');
}
