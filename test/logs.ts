import { beforeEach } from 'vitest';

type LogLine = Record<string, unknown>;

/** The log lines of all tests of a file. */
const all: LogLine[] = [];

/** Catches the log lines that functions write to standard error, instead of printing them. Adds them to the returned array. */
export function catchLogs(): LogLine[] {
  const lines: LogLine[] = [];
  process.stderr.write = (chunk: string | Uint8Array) => {
    const texts = String(chunk).split('\n');
    for (const text of texts.filter((each) => each.startsWith('{'))) {
      const line = JSON.parse(text) as LogLine;
      lines.push(line);
      all.push(line);
    }
    return true;
  };
  return lines;
}

// Adds the last log lines of each failed test to its error, without the metadata of metrics.
beforeEach(({ onTestFailed }) => {
  const first = all.length;
  onTestFailed(({ task }) => {
    const lines = all.slice(first).slice(-20);
    const [error] = task.result?.errors ?? [];
    if (error === undefined || lines.length === 0) return;
    const texts = lines.map((line) => JSON.stringify({ ...line, _aws: undefined }));
    error.message += `\n\nThe last log lines of the test:\n${texts.join('\n')}\n`;
  });
});
