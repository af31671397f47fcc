/** The one source of time: milliseconds since the epoch. Everything that expires or ages asks here. */
export function now(): number {
  return Date.now();
}
