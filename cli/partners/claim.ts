import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Argument, type Command } from 'commander';
import type { Ownership } from '#lib/partners/ownership.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, isUserId, userIdList } from './arguments.ts';
import { nameOf, readRecord } from './record.ts';

/** How many users are claimed concurrently. */
const concurrency = 16;

interface Totals {
  recorded: number;
  already: number;
  conflicts: { id_user: string; owner: string }[];
}

/** Adds `partners claim`. */
export function addClaim(partners: Command, session: Session): void {
  partners
    .command('claim')
    .description('Record existing Budgea users as users of a partner; repeating the command is safe')
    .addArgument(clientIdArgument())
    .addArgument(new Argument('[user id...]', 'Ids of the users').argParser(userIdList))
    .option('--file <file>', 'Read user ids from a file, one per line, # starts a comment; - is standard input')
    .action(async (clientId: string, userIds: string[] = [], { file }: { file?: string }) => {
      if ((file === undefined) === (userIds.length === 0))
        throw new CliError('Pass either user ids or a --file that contains them.', 2);
      const ids = file === undefined ? userIds : await readUserIds(file, session.terminal.stdin);
      await claim(session, [...new Set(ids)], await readRecord(session, clientId));
    });
}

async function claim(session: Session, ids: readonly string[], partner: PartnerRecord): Promise<void> {
  const totals: Totals = { recorded: 0, already: 0, conflicts: [] };
  const done = () => totals.recorded + totals.already + totals.conflicts.length;
  const abort = new AbortController();
  const interrupt = () => abort.abort(new CliError('Interrupted.', 130));
  process.once('SIGINT', interrupt);

  await forEach(ids, abort, async (id) => {
    const result = await claimUser(id, partner.client_id);
    if (typeof result === 'string') totals[result] += 1;
    else totals.conflicts.push({ id_user: id, owner: result.owner });
    session.progress(`${done()} of ${ids.length} …`);
  });
  process.removeListener('SIGINT', interrupt);

  const left = ids.length - done();
  session.print({ client_id: partner.client_id, ...totals, left }, summary(partner, totals));
  if (left > 0) {
    session.note(`${left} of ${ids.length} users are left. Recorded users stay recorded: run the same command again.`);
    abort.signal.throwIfAborted();
  }
  const { length: conflicts } = totals.conflicts;
  if (conflicts > 0) throw new CliError(`${conflicts} of ${ids.length} users belong to other partners.`);
}

/** Processes values concurrently until the end or until aborted; a failure aborts. */
async function forEach(
  values: readonly string[],
  abort: AbortController,
  work: (value: string) => Promise<void>,
): Promise<void> {
  const queue = values.values();
  const worker = async () => {
    for (const value of queue) {
      if (abort.signal.aborted) return;
      await work(value).catch((error: unknown) => abort.abort(error));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Records a user as a permanent user of the partner; returns the ownership if another partner owns the user. Throws the table's errors. */
async function claimUser(idUser: string, clientId: string): Promise<'recorded' | 'already' | Ownership> {
  const { OwnershipConflict, ownershipOf, saveOwner } = await import('#lib/partners/ownership.ts');
  const before = await ownershipOf(idUser);
  if (before !== undefined && before.owner !== clientId) return before;
  // A temporary user of the partner becomes permanent.
  if (before !== undefined && before.temporary_until === undefined) return 'already';
  try {
    await saveOwner(idUser, clientId);
    return 'recorded';
  } catch (error) {
    // Another partner was recorded since the read.
    const winner = error instanceof OwnershipConflict ? await ownershipOf(idUser) : undefined;
    if (winner === undefined) throw error;
    return winner;
  }
}

function summary(partner: PartnerRecord, { recorded, already, conflicts }: Totals): string {
  const lines = [`${recorded} recorded as users of ${nameOf(partner)}, ${already} already were.`];
  for (const { id_user, owner } of conflicts) lines.push(`User ${id_user} belongs to partner ${owner}.`);
  return lines.join('\n');
}

/** Reads user ids from a file, or from standard input if it is `-`. Throws CliError if a line is not a user id. */
async function readUserIds(file: string, stdin: Readable): Promise<string[]> {
  const name = file === '-' ? 'standard input' : file;
  const content = await text(file === '-' ? stdin : createReadStream(file)).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(
      error.code === 'ENOENT' ? `There is no file ${name}.` : `${name} cannot be read (${error.code}).`,
    );
  });
  const lines = content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim());
  const wrong = lines.findIndex((line) => line !== '' && !isUserId(line));
  // The line is not shown: the file may be the wrong one and contain secrets.
  if (wrong !== -1)
    throw new CliError(
      `Line ${wrong + 1} of ${name} is not a user id. Expected one id per line; nothing was recorded.`,
    );
  const ids = lines.filter((line) => line !== '');
  if (ids.length === 0) throw new CliError(`There is no user id in ${name}.`);
  return ids;
}
