/** A log line of a function. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Takes the log lines that functions write to this thread's standard error, one JSON object each; other output passes through. */
export function takeLogs(take: (line: LogLine) => void): void {
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array) => {
    const text = String(chunk);
    if (!text.startsWith('{')) return write(text);
    // Functions write whole lines.
    take(JSON.parse(text) as LogLine);
    return true;
  };
}
