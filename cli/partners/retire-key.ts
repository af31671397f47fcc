import { Argument, InvalidArgumentError, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord, readRecord } from './change.ts';
import { called, listed, partnerView } from './view.ts';

/** `partners retire-key`: ends one of two keys. */
export function addRetireKey(partners: Command, session: Session): void {
  partners
    .command('retire-key')
    .description('end one of a partner’s two keys')
    .addArgument(clientIdArgument())
    .addArgument(keyIdArgument())
    .option('--yes', 'also when the key was used today')
    .action(async (clientId: string, keyId: string, { yes }: { yes?: true }) => {
      requireSpare(session, await readRecord(session, clientId), keyId);
      if (!yes) await requireIdle(session, clientId, keyId);
      const record = await changeRecord(session, clientId, (before) => {
        requireSpare(session, before, keyId);
        return { ...before, keys: before.keys.filter(({ id }) => id !== keyId) };
      });
      const [left] = record.keys;
      session.answer(
        partnerView(record),
        `Key ${keyId} of ${called(record)} stops working within a minute; ${left?.id} is left.`,
      );
    });
}

function keyIdArgument(): Argument {
  return new Argument('<key id>', 'the key, as "partners show" names it').argParser((text) => {
    if (!/^[0-9a-f]{8}$/.test(text))
      throw new InvalidArgumentError('A key id is 8 hexadecimal digits; "partners show" shows them.');
    return text;
  });
}

/** Throws Refusal for a key that the partner does not have, and for its only one. */
function requireSpare(session: Session, { client_id, keys }: PartnerRecord, keyId: string): void {
  const ids = keys.map(({ id }) => id);
  if (!ids.includes(keyId)) throw new Refusal(`The partner has no key ${keyId}; it has ${listed(ids)}.`);
  if (ids.length > 1) return;
  throw new Refusal(
    `This is the partner’s only key. Add another first, "${session.toType(`partners rotate-key ${client_id}`)}", or refuse all its calls, "${session.toType(`partners disable ${client_id}`)}".`,
  );
}

/** Asks no question, so that a script is stopped as well. Throws Refusal. */
async function requireIdle(session: Session, clientId: string, keyId: string): Promise<void> {
  const { readKeyUse } = await session.directory();
  const { [keyId]: day } = await readKeyUse(clientId);
  if (day !== new Date(now()).toISOString().slice(0, 10)) return;
  throw new Refusal(
    `Key ${keyId} was used today, so the partner may still need it. Nothing was changed; add --yes to retire it all the same.`,
  );
}
