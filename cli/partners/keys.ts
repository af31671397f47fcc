import { Argument, InvalidArgumentError, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import { mostKeys } from '#lib/partner-key.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { CliError } from '../cli-error.ts';
import { list } from '../format.ts';
import type { Session } from '../session.ts';
import { table } from '../table.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord, issuedView, keyAdvice, nameOf, partnerView, readRecord } from './record.ts';

/** Adds `partners rotate-key` and `retire-key`. */
export function addKeys(partners: Command, session: Session): void {
  partners
    .command('rotate-key')
    .description('Add a second key and print it once; the first key works until it is retired')
    .addArgument(clientIdArgument())
    .action((clientId: string) => rotateKey(session, clientId));
  partners
    .command('retire-key')
    .description('Remove one of a partner’s two keys')
    .addArgument(clientIdArgument())
    .addArgument(new Argument('<key id>', 'Id of the key, as shown by "partners show"').argParser(keyId))
    .option('--yes', 'Retire the key even if it was used today')
    .action((clientId: string, id: string, { yes = false }: { yes?: boolean }) =>
      retireKey(session, clientId, id, yes),
    );
}

async function rotateKey(session: Session, clientId: string): Promise<void> {
  const { issueKey } = await session.directory();
  const { key, stored } = issueKey(clientId);
  const retireCommand = (id = '') => session.commandLine(`partners retire-key ${clientId} ${id}`);
  const record = await changeRecord(session, clientId, (before) => {
    const ids = before.keys.map(({ id }) => id);
    if (ids.length < mostKeys) return { ...before, keys: [...before.keys, stored] };
    throw new CliError(
      `The partner already has two keys, ${ids.join(' and ')}. Retire one first: "${retireCommand(ids[0])}".`,
    );
  });
  const text = table([
    ['client_id', clientId],
    ['client_secret', key],
  ]);
  session.print(
    issuedView(record, key),
    `${nameOf(record)} has a new key, ${stored.id}.\n\n${text}\n\n${keyAdvice}\nRetire the old key once the partner uses the new one:\n  ${retireCommand(record.keys[0]?.id)}`,
  );
}

async function retireKey(session: Session, clientId: string, id: string, evenIfUsed: boolean): Promise<void> {
  requireSpare(session, await readRecord(session, clientId), id);
  if (!evenIfUsed) await requireUnused(session, clientId, id);
  const record = await changeRecord(session, clientId, (before) => {
    requireSpare(session, before, id);
    return { ...before, keys: before.keys.filter((key) => key.id !== id) };
  });
  const text = `Key ${id} of ${nameOf(record)} stops working within a minute; key ${record.keys[0]?.id} remains.`;
  session.print(partnerView(record), text);
}

function keyId(text: string): string {
  if (/^[0-9a-f]{8}$/.test(text)) return text;
  throw new InvalidArgumentError('A key id is 8 hexadecimal digits; "partners show" shows them.');
}

/** Throws CliError if the partner does not have the key, or has no other key. */
function requireSpare(session: Session, { client_id, keys }: PartnerRecord, id: string): void {
  const ids = keys.map((key) => key.id);
  if (!ids.includes(id)) throw new CliError(`The partner has no key ${id}; it has ${list(ids)}.`);
  if (ids.length > 1) return;
  throw new CliError(
    `This is the partner’s only key. Add another one first, "${session.commandLine(`partners rotate-key ${client_id}`)}", or reject all its calls, "${session.commandLine(`partners disable ${client_id}`)}".`,
  );
}

/** Throws CliError if the key was used today. There is no prompt, so that scripts stop as well. */
async function requireUnused(session: Session, clientId: string, id: string): Promise<void> {
  const { readKeyUse } = await session.directory();
  const { [id]: day } = await readKeyUse(clientId);
  if (day !== new Date(now()).toISOString().slice(0, 10)) return;
  throw new CliError(
    `Key ${id} was used today, so the partner may still need it. Nothing was changed; retire it anyway with --yes.`,
  );
}
