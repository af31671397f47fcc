import type { Command } from 'commander';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord } from './change.ts';
import { called, listed, partnerView } from './view.ts';

/** `partners revoke`: allows a partner less. */
export function addRevoke(partners: Command, session: Session): void {
  partners
    .command('revoke')
    .description('take grants away from a partner')
    .addArgument(clientIdArgument())
    .argument('<grant...>', 'grants that it has, as "partners show" lists them')
    .action(async (clientId: string, grants: string[]) => {
      const record = await changeRecord(session, clientId, (before) => {
        // A mistyped grant would otherwise look revoked and go on being one.
        const missing = grants.find((grant) => !before.grants.includes(grant));
        if (missing !== undefined)
          throw new Refusal(
            `The partner has no grant ${missing}; it has ${listed(before.grants)}. Nothing was changed.`,
          );
        return { ...before, grants: before.grants.filter((grant) => !grants.includes(grant)) };
      });
      session.answer(
        partnerView(record),
        `${called(record)} has the grants ${listed(record.grants)}; what was revoked ends within a minute.`,
      );
    });
}
