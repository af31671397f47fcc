import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { clientIdArgument } from './arguments.ts';
import { changeRecord } from './change.ts';
import { called, partnerView } from './view.ts';

/** `partners enable`: lets a disabled partner in again. */
export function addEnable(partners: Command, session: Session): void {
  partners
    .command('enable')
    .description('accept a disabled partner’s keys again')
    .addArgument(clientIdArgument())
    .action(async (clientId: string) => {
      const record = await changeRecord(session, clientId, (before) => ({ ...before, status: 'active' }));
      session.answer(partnerView(record), `${called(record)} is active: its keys work.`);
    });
}
