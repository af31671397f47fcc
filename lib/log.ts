/** Writes one JSON line to standard error, where Lambda and the local stack collect logs. */
export function logLine(line: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
