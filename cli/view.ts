/** An ISO 8601 time, to the minute. */
export function minute(time: string): string {
  return `${time.slice(0, 16).replace('T', ' ')} UTC`;
}

/** As much of a secret's version id as tells it from the others. */
export function shortId(versionId: string): string {
  return versionId.slice(0, 8);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A length of time, given in milliseconds, in its two largest units: `3 h 5 min`. Its sign is left out. */
export function duration(milliseconds: number): string {
  let left = Math.abs(milliseconds);
  const first = units.findIndex(([, size]) => left >= size);
  const words = units.slice(first === -1 ? -1 : first).map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? '' : `${count} ${unit}`;
  });
  return words.slice(0, 2).filter(Boolean).join(' ') || '0 s';
}
