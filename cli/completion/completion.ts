import { fileURLToPath } from 'node:url';
import { Argument, type Command } from 'commander';
import type { Session } from '../session.ts';

type Shell = 'bash' | 'zsh';

/** `completion`: a script that makes a shell know the command. */
export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('print a script for a shell: the command gateway, for every folder, and its completion by the Tab key')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh'] satisfies Shell[]))
    .addHelpText('after', installation)
    .action(async (shell: Shell) => {
      const { wordsOf } = await import('./words.ts');
      const { bashScript } = await import('./bash.ts');
      const { zshScript } = await import('./zsh.ts');
      const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
      const words = wordsOf(program, await knownValues());
      const script = shell === 'bash' ? bashScript(project, words) : zshScript(project, words);
      session.answer({ shell, script }, script.trimEnd());
    });
}

const installation = `
Installation, once; then open a new shell:
  npm run --silent gateway -- completion bash > ~/.gateway.bash && echo 'source ~/.gateway.bash' >> ~/.bashrc
  npm run --silent gateway -- completion zsh > ~/.gateway.zsh && echo 'source ~/.gateway.zsh' >> ~/.zshrc
`;

/** What options may be whose choices are not read before they are needed. */
async function knownValues(): Promise<Map<string, readonly string[]>> {
  const { environments } = await import('#infra/environments.ts');
  const { operations } = await import('#lib/operations/table.ts');
  return new Map([
    ['--env', Object.keys(environments)],
    ['--operation', Object.keys(operations)],
    ['--status', ['2xx', '3xx', '4xx', '5xx']],
  ]);
}
