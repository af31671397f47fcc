import type { Command } from 'commander';
import type { PartnerRecord } from '#lib/partners/record.ts';
import { CliError } from '../cli-error.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, redirectUriList } from './arguments.ts';
import { changeRecord, nameOf, partnerView, readRecord } from './record.ts';

interface Options {
  add?: string[];
  remove?: string[];
}

/** Adds `partners redirects`. */
export function addRedirects(partners: Command, session: Session): void {
  partners
    .command('redirects')
    .description('List or change the redirect URIs that a partner may use with webauth')
    .addArgument(clientIdArgument())
    .option('--add <uri...>', 'Register redirect URIs', redirectUriList)
    .option('--remove <uri...>', 'Remove registered redirect URIs', redirectUriList)
    .action(async (clientId: string, { add = [], remove = [] }: Options) => {
      const record =
        add.length + remove.length > 0
          ? await changeRecord(session, clientId, (before) => edit(before, add, remove))
          : await readRecord(session, clientId);
      if (record.redirect_uris.length === 0) session.note(`${nameOf(record)} has no redirect URIs.`);
      session.print(partnerView(record), record.redirect_uris.join('\n'));
    });
}

function edit(record: PartnerRecord, add: readonly string[], remove: readonly string[]): PartnerRecord {
  const missing = remove.find((uri) => !record.redirect_uris.includes(uri));
  if (missing !== undefined) throw new CliError(`The redirect URI ${missing} is not registered. Nothing was changed.`);
  const remaining = record.redirect_uris.filter((uri) => !remove.includes(uri));
  return { ...record, redirect_uris: [...new Set([...remaining, ...add])] };
}
