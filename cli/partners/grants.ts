import { Argument, type Command } from 'commander';
import { grantForms } from '#lib/partners/settings.ts';
import { CliError } from '../cli-error.ts';
import { list } from '../format.ts';
import type { Session } from '../session.ts';
import { clientIdArgument, grantList } from './arguments.ts';
import { changeRecord, nameOf, partnerView } from './record.ts';

/** Adds `partners grant` and `revoke`. */
export function addGrants(partners: Command, session: Session): void {
  partners
    .command('grant')
    .description('Add grants to a partner')
    .addArgument(clientIdArgument())
    .addArgument(new Argument('<grant...>', `Grants: ${grantForms.join(', ')}`).argParser(grantList))
    .action(async (clientId: string, grants: string[]) => {
      const record = await changeRecord(session, clientId, (before) => ({
        ...before,
        grants: [...new Set([...before.grants, ...grants])],
      }));
      session.print(partnerView(record), `${nameOf(record)} has the grants ${list(record.grants)}.`);
    });
  partners
    .command('revoke')
    .description('Remove grants from a partner')
    .addArgument(clientIdArgument())
    .argument('<grant...>', 'Grants of the partner, as shown by "partners show"')
    .action(async (clientId: string, grants: string[]) => {
      const record = await changeRecord(session, clientId, (before) => {
        // A mistyped grant would otherwise seem to be revoked and stay.
        const missing = grants.find((grant) => !before.grants.includes(grant));
        if (missing !== undefined)
          throw new CliError(
            `The partner has no grant ${missing}; it has ${list(before.grants)}. Nothing was changed.`,
          );
        return { ...before, grants: before.grants.filter((grant) => !grants.includes(grant)) };
      });
      session.print(
        partnerView(record),
        `${nameOf(record)} has the grants ${list(record.grants)}; revoked grants end within a minute.`,
      );
    });
}
