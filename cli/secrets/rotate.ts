import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import { CliError } from '../cli-error.ts';
import { duration, minute, shortId } from '../format.ts';
import type { Session } from '../session.ts';
import { budgeaOption, findBudgea } from './budgea.ts';
import { isRotatable, rotatables, type RotatableName } from './catalog.ts';
import type { SecretState } from './state.ts';

interface Options {
  rehearse?: true;
  compromised?: true;
  budgeaUrl?: string;
}

/** Adds `secrets rotate`. */
export function addRotate(secrets: Command, session: Session): void {
  const names = Object.keys(rotatables);
  secrets
    .command('rotate')
    .description('Rotate a secret now and follow the rotation')
    .addArgument(new Argument('<secret>', 'Name of the secret').choices(names).argParser(rotatableName))
    .option('--rehearse', 'Create and test a value in this process without storing it')
    .addOption(new Option('--compromised', 'Replace all sealing-keys; ends webauth round trips').conflicts('rehearse'))
    .addOption(budgeaOption())
    .action(async (name: RotatableName, { rehearse: isRehearsal, compromised, budgeaUrl }: Options) => {
      if (compromised && name !== 'sealing-keys') {
        throw new CliError(
          'A manage JWT cannot be revoked before it expires. Rotate it without --compromised, and ask Budgea to end the leaked one.',
          2,
        );
      }
      await session.connect();
      if (isRehearsal) await rehearse(session, name, budgeaUrl);
      else if (compromised) await replaceAll(session);
      else await rotate(session, name);
    });
}

function rotatableName(text: string): RotatableName {
  if (isRotatable(text)) return text;
  throw new InvalidArgumentError(
    `Expected ${Object.keys(rotatables).join(' or ')}; the other secrets are set manually, with "secrets set".`,
  );
}

async function rotate(session: Session, name: RotatableName): Promise<void> {
  const { requireState } = await import('./state.ts');
  const { rotateNow } = await import('./rotation.ts');
  const state = await requireState(session, name);
  if (name === 'sealing-keys') await requirePause(session, state);
  const version_id = await rotateNow(session, name, 'stuck');
  const text = `${state.fullName} is rotated: version ${shortId(version_id)} is in use.`;
  session.print({ secret: state.fullName, version_id }, text);
}

/** Throws CliError if the last rotation is too recent. The function would reject it as well, but leave a stuck pending version. */
async function requirePause(session: Session, { fullName, current }: SecretState): Promise<void> {
  const { replacedAt } = await import('#lib/rotation/rotate.ts');
  const { sealingKeyRotation } = await import('#lib/rotation/sealing-key.ts');
  const { describeSecret } = await import('#lib/rotation/secret-versions.ts');
  const replaced = replacedAt(await describeSecret(fullName), current);
  const possibleAt = replaced + (sealingKeyRotation.pause ?? 0);
  if (possibleAt <= now()) return;
  // Rounded up to the next full minute.
  const when = minute(new Date(possibleAt + 59_999).toISOString());
  const replaceNow = session.commandLine('secrets rotate sealing-keys --compromised');
  throw new CliError(
    `The keys were replaced ${duration(now() - replaced)} ago, and round trips in progress need the previous keys. Rotate again from ${when} on. If a key has leaked, "${replaceNow}" replaces all keys now.`,
  );
}

async function replaceAll(session: Session): Promise<void> {
  const { replaceSealingKeys } = await import('./rotation.ts');
  const { maxCacheLife } = await import('#lib/secrets/reader.ts');
  const result = await replaceSealingKeys(session);
  session.print(
    result,
    `All sealing keys are new: version ${shortId(result.version_id)}. Round trips in progress end with an error, and their\nusers have to start again. Functions use old keys that they have cached for ${duration(maxCacheLife)} at most.`,
  );
}

async function rehearse(session: Session, name: RotatableName, budgeaUrl: string | undefined): Promise<void> {
  const { requireState } = await import('./state.ts');
  const state = await requireState(session, name);
  const { rehearseManageToken, rehearseSealingKeys } = await import('./rehearse.ts');
  const steps =
    name === 'manage-token'
      ? await rehearseManageToken(session, state, await findBudgea(session, budgeaUrl))
      : await rehearseSealingKeys(session, state);
  session.print(
    { secret: state.fullName, rehearsed: true, steps },
    'A rotation would succeed. Nothing was stored or changed.',
  );
}
