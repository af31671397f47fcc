import type { Command } from 'commander';
import { mostKeys } from '#lib/partners/key.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { pairs } from '../table.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord } from './change.ts';
import { keepIt } from './create.ts';
import { called, issuedView } from './view.ts';

/** `partners rotate-key`: a second key beside the one in use, shown once. */
export function addRotateKey(partners: Command, session: Session): void {
  partners
    .command('rotate-key')
    .description('add a second key and show it, this once; the first works until it is retired')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const { issueKey } = await session.directory();
      const { key, stored } = issueKey(clientId);
      const record = await changeRecord(session, clientId, (before) => {
        if (before.keys.length >= mostKeys) throw tooMany(session, clientId, before.keys);
        return { ...before, keys: [...before.keys, stored] };
      });
      const text = pairs([
        ['client_id', clientId],
        ['client_secret', key],
      ]);
      const old = record.keys[0]?.id ?? '';
      session.answer(
        issuedView(record, key),
        `${called(record)} has a new key, ${stored.id}.\n\n${text}\n\n${keepIt}\nOnce the partner uses it, retire the old key:\n  ${session.toType(`partners retire-key ${clientId} ${old}`)}`,
      );
    });
}

function tooMany(session: Session, clientId: string, keys: readonly { id: string }[]): Refusal {
  const ids = keys.map(({ id }) => id).join(' and ');
  const retire = session.toType(`partners retire-key ${clientId} ${keys[0]?.id ?? ''}`);
  return new Refusal(`The partner has two live keys already, ${ids}. Retire one first: "${retire}".`);
}
