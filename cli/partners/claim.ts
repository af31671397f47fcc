import { Argument, type Command } from 'commander';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, userIdList } from './arguments.ts';
import { readRecord } from './change.ts';
import { readUserIds } from './user-ids.ts';
import { called } from './view.ts';

/** How many ids are looked at at a time. */
const atATime = 16;

interface Outcome {
  recorded: number;
  already: number;
  conflicts: { id_user: string; owner: string }[];
}

/** `partners claim`: records users that Budgea has already as a partner's. */
export function addClaim(partners: Command, session: Session): void {
  partners
    .command('claim')
    .description('record users that exist at Budgea already as a partner’s; repeating it does no harm')
    .addArgument(clientIdArgument())
    .addArgument(new Argument('[user id...]', 'users').argParser(userIdList))
    .option('--file <file>', 'read user ids from a file, one a line, # begins a comment; - reads standard input')
    .action(async (clientId: string, given: string[] = [], { file }: { file?: string }) => {
      if ((file === undefined) === (given.length === 0)) throw new Refusal('Name user ids, or a --file with them.', 2);
      const ids = [...new Set(file === undefined ? given : await readUserIds(file, session.terminal.stdin))];
      const partner = await readRecord(session, clientId);
      await claim(session, ids, partner);
    });
}

async function claim(session: Session, ids: readonly string[], partner: PartnerRecord): Promise<void> {
  const { claimUser } = await import('./claim-user.ts');
  const outcome: Outcome = { recorded: 0, already: 0, conflicts: [] };
  const done = () => outcome.recorded + outcome.already + outcome.conflicts.length;
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new Refusal('Interrupted.', 130));
  process.once('SIGINT', interrupt);

  await forEach(ids, interruption, async (id) => {
    const claimed = await claimUser(id, partner.client_id);
    if (typeof claimed === 'string') outcome[claimed] += 1;
    else outcome.conflicts.push({ id_user: id, owner: claimed.owner });
    session.progress(`${done()} of ${ids.length} …`);
  });
  process.removeListener('SIGINT', interrupt);

  const left = ids.length - done();
  session.answer({ client_id: partner.client_id, ...outcome, left }, summary(partner, outcome));
  if (left > 0) {
    session.note(`${left} of ${ids.length} are left. What is recorded stays: run the same command again.`);
    interruption.signal.throwIfAborted();
  }
  const { length: conflicts } = outcome.conflicts;
  if (conflicts > 0) throw new Refusal(`Left to other partners: ${conflicts} of ${ids.length}.`);
}

/** Does the work for several values at a time, until the end or until it is aborted; a failure aborts it. */
async function forEach(
  values: readonly string[],
  stop: AbortController,
  work: (value: string) => Promise<void>,
): Promise<void> {
  const queue = values.values();
  const worker = async () => {
    for (const value of queue) {
      if (stop.signal.aborted) return;
      await work(value).catch((error: unknown) => stop.abort(error));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

function summary(partner: PartnerRecord, { recorded, already, conflicts }: Outcome): string {
  const lines = [`${recorded} recorded as users of ${called(partner)}, ${already} were already.`];
  for (const { id_user, owner } of conflicts) lines.push(`User ${id_user} belongs to partner ${owner}.`);
  return lines.join('\n');
}
