import { writeFile } from 'node:fs/promises';
import { recordExamples } from './record.ts';

// The functions log to standard error. Their lines are printed only if the recording fails.
const lines: string[] = [];
process.stderr.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
try {
  const file = new URL('../../lib/openapi/examples.json', import.meta.url);
  await writeFile(file, `${JSON.stringify(await recordExamples(), null, 2)}\n`);
} catch (error) {
  Reflect.deleteProperty(process.stderr, 'write');
  process.stderr.write(lines.join(''));
  throw error;
}
