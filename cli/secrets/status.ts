import type { Command } from 'commander';
import { now } from '#lib/clock.ts';
import { secretFullName, secretNames } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { Version } from '#lib/rotation/secret-versions.ts';
import type { Paint } from '../paint.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import type { Target } from '../target.ts';
import { table, type Cell, type Look } from '../table.ts';
import { duration, minute, shortId } from '../view.ts';
import { problemsOf, type Known, type Problem } from './problems.ts';
import { isRotatable } from './rotatable.ts';

/** A secret as the command shows it. */
interface Shown {
  name: SecretName;
  fullName: string;
  /** Undefined when there is no such secret. */
  known: Known | undefined;
  problems: readonly Problem[];
}

/** `secrets status`: versions, ages and rotations, and what to do about what is wrong. No value is ever shown. */
export function addStatus(secrets: Command, session: Session): void {
  secrets
    .command('status')
    .description('show versions, ages and rotations, and what to do where something is wrong; never a value')
    .action(async () => {
      await session.connect();
      const shown = await Promise.all(secretNames.map((name) => inspect(session, name)));
      if (shown.every(({ known }) => known === undefined)) throw new Refusal(noneAt(session.target()));
      const look = session.look();
      session.answer(shown.map(view), [listing(shown, look), ...advice(shown, look.paint)].join('\n\n'));
      const wrong = shown.filter(({ problems }) => problems.length > 0).length;
      if (wrong > 0) throw new Refusal(`${wrong} of ${shown.length} secrets need attention.`);
    });
}

function noneAt({ environment, folder }: Target): string {
  return folder === undefined
    ? `There are no secrets of ${environment} in this account and region. Deploy the environment first, which makes them, or check --env, AWS_PROFILE and AWS_REGION.`
    : `The local stack of ${folder} has no secrets yet. Wait until it has started.`;
}

async function inspect(session: Session, name: SecretName): Promise<Shown> {
  const { readState, hasValue, manageTokenExpiry } = await import('./state.ts');
  const { environment, folder } = session.target();
  const fullName = secretFullName(environment, name);
  const state = await readState(environment, name);
  if (state === undefined) {
    const how = folder === undefined ? 'deploy the environment' : 'start the local stack again';
    const missing: Problem = { problem: 'missing', text: `It is missing: ${how}, which makes it.`, commands: [] };
    return { name, fullName, known: undefined, problems: [missing] };
  }
  const { current, pending } = state;
  const known: Known = {
    name,
    state,
    pendingHasValue: pending && (await hasValue(state, pending)),
    expiresAt: name === 'manage-token' && current ? await manageTokenExpiry(state, current) : undefined,
  };
  return { name, fullName, known, problems: problemsOf(known, (command) => session.toType(command)) };
}

/** As `--json` shows it: times are ISO 8601, lengths of time in seconds. */
function view({ fullName, known, problems }: Shown) {
  if (known === undefined) return { secret: fullName, versions: [], problems };
  const { name, state, expiresAt } = known;
  return {
    secret: fullName,
    versions: state.versions.map(({ id, stages, createdAt }) => ({
      version_id: id,
      stages,
      created: iso(createdAt),
      age_s: Math.round((now() - createdAt) / 1000),
    })),
    ...(isRotatable(name) && { rotation: state.rotation }),
    last_rotated: iso(state.lastRotatedAt),
    next_rotation: iso(state.nextRotationAt),
    ...(typeof expiresAt === 'number' && {
      expires: iso(expiresAt),
      life_s: Math.max(0, Math.round((expiresAt - now()) / 1000)),
    }),
    problems,
  };
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

const titles = ['SECRET', 'VERSION', 'STAGES', 'AGE', 'ROTATION', 'LAST', 'NEXT'];

function listing(shown: readonly Shown[], look: Look): string {
  const cut = titles.filter((title) => title !== 'VERSION');
  return table([titles, ...shown.flatMap(rows)], look, cut);
}

/** A row for each version, and one at least. */
function rows({ name, fullName, known }: Shown): Cell[][] {
  if (known === undefined) return [[fullName, { tone: 'bad', text: 'missing' }]];
  const { versions, rotation, lastRotatedAt, nextRotationAt } = known.state;
  const [first = [{ tone: 'bad' as const, text: 'none' }, '', ''], ...others] = versions
    .toSorted(currentFirst)
    .map(versionCells);
  const rotationCells = isRotatable(name)
    ? [rotation ? 'on' : { tone: 'bad' as const, text: 'off' }, ago(lastRotatedAt), ahead(nextRotationAt)]
    : ['by hand'];
  return [[fullName, ...first, ...rotationCells], ...others.map((cells) => [''].concat(cells))];
}

function currentFirst({ stages: one }: Version, { stages: other }: Version): number {
  return Number(other.includes('AWSCURRENT')) - Number(one.includes('AWSCURRENT'));
}

function versionCells({ id, stages, createdAt }: Version): string[] {
  return [shortId(id), stages.toSorted().join(' '), duration(now() - createdAt)];
}

function ago(time: number | undefined): string {
  return time === undefined ? 'never' : `${duration(now() - time)} ago`;
}

function ahead(time: number | undefined): string {
  if (time === undefined) return '-';
  return time <= now() ? 'due' : `in ${duration(time - now())}`;
}

function advice(shown: readonly Shown[], paint: Paint): string[] {
  const life = shown.flatMap(({ known }) => (known?.name === 'manage-token' ? lifeOf(known) : []));
  const wrong = shown.flatMap(({ fullName, problems }) =>
    problems.map((problem) => explained(fullName, problem, paint)),
  );
  const underway = shown.filter(isUnderWay).map(({ fullName }) => `A rotation of ${fullName} is under way.`);
  return [...life, ...underway, ...(wrong.length === 0 ? [paint('good', 'Nothing is wrong.')] : wrong)];
}

/** Unless it is stuck. */
function isUnderWay({ known, problems }: Shown): boolean {
  return known?.state.pending !== undefined && !problems.some(({ problem }) => problem.endsWith('_pending'));
}

function lifeOf({ state, expiresAt }: Known): string[] {
  if (state.current === undefined || expiresAt === 'malformed') return [];
  if (expiresAt === undefined)
    return ['How long the manage JWT lives is in its value, which these AWS credentials may not read.'];
  const until = minute(new Date(expiresAt).toISOString());
  const left = expiresAt - now();
  return [
    left > 0 ? `The manage JWT lives ${duration(left)}, until ${until}.` : `The manage JWT lived until ${until}.`,
  ];
}

function explained(fullName: string, { text, commands }: Problem, paint: Paint): string {
  return [`${paint('bad', fullName)}: ${text}`, ...commands.map((command) => `  ${paint('command', command)}`)].join(
    '\n',
  );
}
