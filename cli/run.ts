import { CommanderError } from 'commander';
import { addCompletion } from './completion/completion.ts';
import { addDoctor } from './doctor/doctor.ts';
import { exitCodeOf, explain } from './explain.ts';
import { addPartners } from './partners/partners.ts';
import { createProgram } from './program.ts';
import { addSecrets } from './secrets/secrets.ts';
import { createSession, type Session } from './session.ts';
import { addTail } from './tail/tail.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command line and gives its exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = createProgram(terminal);
  const session = createSession(program, terminal);
  addPartners(program, session);
  addSecrets(program, session);
  addDoctor(program, session);
  addTail(program, session);
  addCompletion(program, session);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return complain(error, session);
  }
}

function complain(error: unknown, session: Session): number {
  // Commander has said already what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  session.complain(explain(error, session.target()));
  return exitCodeOf(error);
}
