import type { Command } from 'commander';
import type { Session } from '../session.ts';
import { addRotate } from './rotate.ts';
import { addSet } from './set.ts';
import { addStatus } from './status.ts';

/** `secrets`: what the gateway signs with. */
export function addSecrets(program: Command, session: Session): void {
  const secrets = program
    .command('secrets')
    .description('what the gateway signs its calls to Budgea with, and seals with');
  addStatus(secrets, session);
  addSet(secrets, session);
  addRotate(secrets, session);
}
