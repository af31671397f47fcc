import type { Command } from 'commander';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, redirectUriList } from './arguments.ts';
import { changeRecord, readRecord } from './change.ts';
import { called, partnerView } from './view.ts';

interface Options {
  add?: string[];
  remove?: string[];
}

/** `partners redirects`: where webauth may send a partner's browsers back to. */
export function addRedirects(partners: Command, session: Session): void {
  partners
    .command('redirects')
    .description('list or change where webauth may send browsers back to')
    .addArgument(clientIdArgument())
    .option('--add <uri...>', 'register redirect URIs', redirectUriList)
    .option('--remove <uri...>', 'forget registered ones')
    .action(async (clientId: string, { add = [], remove = [] }: Options) => {
      const asked = add.length + remove.length > 0;
      const record = asked
        ? await changeRecord(session, clientId, (before) => edit(before, add, remove))
        : await readRecord(session, clientId);
      if (record.redirect_uris.length === 0) session.note(`${called(record)} has no redirect URIs.`);
      session.answer(partnerView(record), record.redirect_uris.join('\n'));
    });
}

function edit(record: PartnerRecord, add: readonly string[], remove: readonly string[]): PartnerRecord {
  const missing = remove.find((uri) => !record.redirect_uris.includes(uri));
  if (missing !== undefined) {
    throw new Refusal(`The redirect URI ${missing} is not registered, to the letter. Nothing was changed.`);
  }
  const kept = record.redirect_uris.filter((uri) => !remove.includes(uri));
  return { ...record, redirect_uris: [...new Set([...kept, ...add])] };
}
