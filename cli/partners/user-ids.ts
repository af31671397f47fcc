import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { Refusal } from '../refusal.ts';
import { isUserId } from './arguments.ts';

/** Reads a file of user ids, one a line; `-` is standard input. Throws Refusal, before any id is used, when there is something else in it. */
export async function readUserIds(file: string, stdin: Readable): Promise<string[]> {
  const name = file === '-' ? 'standard input' : file;
  const content = await text(file === '-' ? stdin : createReadStream(file)).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      error.code === 'ENOENT' ? `There is no file ${name}.` : `${name} cannot be read (${error.code}).`,
    );
  });
  const ids: string[] = [];
  for (const [at, line] of content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const id = line.replace(/#.*/, '').trim();
    if (id === '') continue;
    // The line is not shown: it may be anything if the file is the wrong one.
    if (!isUserId(id))
      throw new Refusal(`Line ${at + 1} of ${name} is not a user id. Put one a line; nothing was recorded.`);
    ids.push(id);
  }
  if (ids.length === 0) throw new Refusal(`There is no user id in ${name}.`);
  return ids;
}
