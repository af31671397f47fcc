import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { operations, type CallerKind, type Operation } from '#lib/operations/table.ts';

// Writes the table of operations into docs/operations.md, between its markers.

const file = new URL('../docs/operations.md', import.meta.url);
const markers = /(<!-- operations -->\n).*?(<!-- \/operations -->)/s;

/** Returns docs/operations.md with the table of the operations as they are now. */
export async function documentedOperations(): Promise<string> {
  const text = await readFile(file, 'utf8');
  const lines = [
    ['operation', 'client credentials', 'bearer key', 'API key', 'user token', 'notes'],
    Array.from({ length: 6 }, () => '---'),
    ...Object.values<Operation>(operations).map(columnsOf),
  ].map((columns) => `| ${columns.join(' | ')} |`);
  return format(text.replace(markers, `$1\n${lines.join('\n')}\n\n$2`), { parser: 'markdown', printWidth: 120 });
}

function columnsOf({ method, alsoMethod, path, fields, accepts, summary }: Operation): string[] {
  const isAccepted = (kind: CallerKind) => (accepts.includes(kind) ? 'yes' : '–');
  // Without a body, client credentials are HTTP Basic.
  const client = accepts.includes('client') && fields === 'query' ? 'Basic' : isAccepted('client');
  const also = alsoMethod === undefined ? '' : ` Also \`${alsoMethod}\`.`;
  return [
    `\`${method} ${path}\``,
    client,
    isAccepted('bearer_key'),
    isAccepted('api_key'),
    isAccepted('token'),
    summary.replaceAll('|', String.raw`\|`) + also,
  ];
}

if (import.meta.main) await writeFile(file, await documentedOperations());
