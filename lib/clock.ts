/** Returns the current time in milliseconds since the epoch. The only source of time in `lib`. */
export function now(): number {
  return Date.now();
}
