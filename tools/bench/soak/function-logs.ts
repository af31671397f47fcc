/** One log line of a function, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Takes the log lines that functions write to this thread's standard error, JSON each; whatever else is written there goes through. */
export function takeLogs(take: (line: LogLine) => void): void {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array) => {
    const text = String(chunk);
    if (!text.startsWith('{')) return write(text);
    // Functions write a whole line at a time.
    take(JSON.parse(text) as LogLine);
    return true;
  };
}
