import { Argument, type Command } from 'commander';
import { grantForms } from '#lib/partners/settings.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, grantList } from './arguments.ts';
import { changeRecord } from './change.ts';
import { called, listed, partnerView } from './view.ts';

/** `partners grant`: allows a partner more. */
export function addGrant(partners: Command, session: Session): void {
  partners
    .command('grant')
    .description('allow a partner more')
    .addArgument(clientIdArgument())
    .addArgument(new Argument('<grant...>', `any of ${grantForms.join(', ')}`).argParser(grantList))
    .action(async (clientId: string, grants: string[]) => {
      const record = await changeRecord(session, clientId, (before) => ({
        ...before,
        grants: [...new Set([...before.grants, ...grants])],
      }));
      session.answer(partnerView(record), `${called(record)} has the grants ${listed(record.grants)}.`);
    });
}
