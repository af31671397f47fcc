/** Writes one JSON line to standard error, where Lambda and the local stack collect logs. */
export function logLine(line: Readonly<Record<string, unknown>>): void {
  logText(JSON.stringify(line));
}

/** As {@link logLine}, of what is JSON already. */
export function logText(json: string): void {
  process.stderr.write(`${json}\n`);
}
