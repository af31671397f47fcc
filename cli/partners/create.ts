import type { Command } from 'commander';
import { grantForms } from '#lib/partners/settings.ts';
import type { Session } from '../session.ts';
import { pairs } from '../table.ts';
import { grantList, partnerName, redirectUriList } from './arguments.ts';
import { called, issuedView, listed } from './view.ts';

interface Options {
  name: string;
  redirectUri?: string[];
  grant?: string[];
}

/** `partners create`: a new partner with its first key, shown once. */
export function addCreate(partners: Command, session: Session): void {
  partners
    .command('create')
    .description('make a partner and show its key, this once')
    .requiredOption('--name <name>', 'what people call the partner', partnerName)
    .option('--redirect-uri <uri>', 'where webauth may send browsers back to; may be repeated', redirectUriList)
    .option('--grant <grant>', `${grantForms.join(', ')}; may be repeated`, grantList)
    .action(async ({ name, redirectUri = [], grant = [] }: Options) => {
      const { createPartner } = await session.directory();
      const { record, key } = await createPartner({ name, redirectUris: redirectUri, grants: grant });
      const text = pairs([
        ['client_id', record.client_id],
        ['client_secret', key],
        ['redirect URIs', listed(record.redirect_uris)],
        ['grants', listed(record.grants)],
      ]);
      session.answer(issuedView(record, key), `${called(record)} is created.\n\n${text}\n\n${keepIt}`);
    });
}

/** What to do with a key that was just shown. */
export const keepIt =
  'The client_secret is the partner’s key, also for Authorization and x-api-key. It is not shown again: only its\nhash is kept. Hand it over safely.';
