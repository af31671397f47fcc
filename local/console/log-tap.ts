/** A line of the functions' log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Reads along what functions write to standard error, which goes on to where it went; gives what ends that. Other output is not looked at. */
export function tapLog(read: (line: LogLine) => void): () => void {
  const { stderr } = process;
  const write = stderr.write.bind(stderr);
  const tapped = (...written: Parameters<typeof write>): boolean => {
    const line = lineIn(written[0]);
    if (line !== undefined) read(line);
    return write(...written);
  };
  // One signature stands for the two that the method has.
  stderr.write = tapped as typeof write;
  return () => {
    if (stderr.write === tapped) stderr.write = write;
  };
}

/** Functions write a line at a time. */
function lineIn(chunk: string | Uint8Array): LogLine | undefined {
  if (typeof chunk !== 'string' || !chunk.startsWith('{')) return undefined;
  try {
    return JSON.parse(chunk) as LogLine;
  } catch {
    return undefined;
  }
}
