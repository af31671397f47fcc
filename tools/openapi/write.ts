import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// `npm run openapi` runs this twice: the process that records the examples has already loaded the old ones, which the document shows.

const [, , part] = process.argv;
if (part === 'examples') {
  const { recordExamples } = await import('./recorder.ts');
  await write('lib/openapi/examples.json', await quietly(recordExamples));
} else {
  const { publishedDocument } = await import('#lib/openapi/page.ts');
  await write('docs/openapi.json', publishedDocument());
  process.stdout.write('lib/openapi/examples.json and docs/openapi.json are written.\n');
}

async function write(path: string, value: unknown): Promise<void> {
  await writeFile(join(import.meta.dirname, '../..', path), `${JSON.stringify(value, null, 2)}\n`);
}

/** Runs an action and prints the log lines of its calls only if it fails. */
async function quietly<T>(action: () => Promise<T>): Promise<T> {
  const lines: string[] = [];
  process.stderr.write = (chunk: string | Uint8Array) => lines.push(String(chunk)) > 0;
  try {
    return await action();
  } catch (error) {
    Reflect.deleteProperty(process.stderr, 'write');
    process.stderr.write(lines.join(''));
    throw error;
  }
}
