import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord } from './change.ts';
import { called, partnerView } from './view.ts';

/** `partners disable`: refuses a partner's keys and browsers, and keeps everything else. */
export function addDisable(partners: Command, session: Session): void {
  partners
    .command('disable')
    .description('refuse a partner’s keys, and keep everything else of it')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const record = await changeRecord(session, clientId, (before) => ({ ...before, status: 'disabled' }));
      session.answer(
        partnerView(record),
        `${called(record)} is disabled: its keys stop working within a minute. "${session.toType(`partners enable ${clientId}`)}" undoes it.`,
      );
    });
}
