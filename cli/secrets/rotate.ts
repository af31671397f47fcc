import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { now } from '#lib/clock.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { duration, minute, shortId } from '../view.ts';
import { budgeaOption, findBudgea } from './budgea.ts';
import { isRotatable, rotatables, type RotatableName } from './rotatable.ts';
import type { SecretState } from './state.ts';

const names = Object.keys(rotatables).join(' or ');

interface Options {
  rehearse?: true;
  compromised?: true;
  budgeaUrl?: string;
}

/** `secrets rotate`: a new value now, made and tested by the rotation function; or a rehearsal of it in this process. */
export function addRotate(secrets: Command, session: Session): void {
  secrets
    .command('rotate')
    .description('let the rotation make a new value now, and follow it')
    .addArgument(new Argument('<secret>', 'which').choices(Object.keys(rotatables)).argParser(rotatableName))
    .option('--rehearse', 'make and test a value in this process, and store nothing')
    .addOption(
      new Option(
        '--compromised',
        'sealing-keys: replace all keys at once, which ends every webauth round trip under way',
      ).conflicts('rehearse'),
    )
    .addOption(budgeaOption())
    .action(async (name: RotatableName, options: Options) => {
      if (options.compromised && name !== 'sealing-keys') {
        throw new Refusal(
          'Nothing takes a manage JWT back before it expires. Rotate it without --compromised, and ask Budgea to end the one that leaked.',
          2,
        );
      }
      await session.connect();
      if (options.rehearse) await rehearse(session, name, options.budgeaUrl);
      else if (options.compromised) await replaceAll(session);
      else await rotate(session, name);
    });
}

function rotatableName(text: string): RotatableName {
  if (isRotatable(text)) return text;
  throw new InvalidArgumentError(`Name ${names}; the others are set by hand, with "secrets set".`);
}

async function rotate(session: Session, name: RotatableName): Promise<void> {
  const { requireState } = await import('./state.ts');
  const { rotateNow } = await import('./rotation.ts');
  const state = await requireState(session, name);
  const { fullName } = state;
  if (name === 'sealing-keys') await requirePause(session, state);
  const version_id = await rotateNow(session, name, 'stuck');
  const text = `${fullName} is rotated: version ${shortId(version_id)} is in use.`;
  session.answer({ secret: fullName, version_id }, text);
}

/** The function would refuse it as well, but leave a version that is stuck pending. Throws Refusal. */
async function requirePause(session: Session, { fullName, current }: SecretState): Promise<void> {
  const { replacedAt } = await import('#lib/rotation/rotate.ts');
  const { sealingKeyRotation } = await import('#lib/rotation/sealing-key.ts');
  const { describeSecret } = await import('#lib/rotation/secret-versions.ts');
  const replaced = replacedAt(await describeSecret(fullName), current);
  const possibleAt = replaced + (sealingKeyRotation.pause ?? 0);
  if (possibleAt <= now()) return;
  // The minute in which it is possible has to be over.
  const when = minute(new Date(possibleAt + 59_999).toISOString());
  throw new Refusal(
    `The keys were replaced ${duration(now() - replaced)} ago, and round trips that are under way need the ones before. Rotate again from ${when} on. If a key has leaked, "${session.toType('secrets rotate sealing-keys --compromised')}" replaces all of them now.`,
  );
}

async function replaceAll(session: Session): Promise<void> {
  const { replaceSealingKeys } = await import('./compromised.ts');
  const { maxCacheLife } = await import('#lib/secrets/reader.ts');
  const { fullName, version_id } = await replaceSealingKeys(session);
  const until = duration(maxCacheLife);
  session.answer(
    { secret: fullName, version_id },
    `All sealing keys are new: version ${shortId(version_id)}. Round trips that were under way end with an error, and their\nusers have to begin again. Functions that hold the old keys in memory go on with them for ${until} at most.`,
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
  session.answer(
    { secret: state.fullName, rehearsed: true, steps },
    'A rotation would go well. Nothing was stored, and nothing is in use that was not before.',
  );
}
