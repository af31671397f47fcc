import type { Command } from 'commander';
import { now } from '#lib/clock.ts';
import { secretFullName, secretNames } from '#lib/config/names.ts';
import type { SecretName } from '#lib/operations/table.ts';
import type { Version } from '#lib/rotation/secret-versions.ts';
import { CliError } from '../cli-error.ts';
import { duration, minute, shortId } from '../format.ts';
import type { Session } from '../session.ts';
import { table, titles, type Cell, type Look } from '../table.ts';
import { missing } from '../target.ts';
import { isRotatable } from './catalog.ts';
import { problemsOf, type Inspection, type Problem } from './problems.ts';

interface Status {
  name: SecretName;
  fullName: string;
  /** Undefined if the secret does not exist. */
  inspection: Inspection | undefined;
  problems: readonly Problem[];
}

/** Adds `secrets status`. */
export function addStatus(secrets: Command, session: Session): void {
  secrets
    .command('status')
    .description('Show the versions, ages, rotations and problems of all secrets, but no values')
    .action(async () => {
      await session.connect();
      const statuses = await Promise.all(secretNames.map((name) => inspect(session, name)));
      if (statuses.every(({ inspection }) => inspection === undefined)) {
        const target = session.target();
        throw new CliError(missing(`secret of the environment ${target.environment}`, target));
      }
      const look = session.look();
      session.print(statuses.map(view), [listing(statuses, look), ...remarks(statuses, look)].join('\n\n'));
      const faulty = statuses.filter(({ problems }) => problems.length > 0).length;
      if (faulty > 0) throw new CliError(`${faulty} of ${statuses.length} secrets need attention.`);
    });
}

async function inspect(session: Session, name: SecretName): Promise<Status> {
  const { readState, hasValue, manageTokenExpiry } = await import('./state.ts');
  const { environment, folder } = session.target();
  const fullName = secretFullName(environment, name);
  const state = await readState(environment, name);
  if (state === undefined) {
    const action = folder === undefined ? 'Deploy the environment' : 'Start the local stack again';
    const text = `It is missing. ${action} to create it.`;
    return { name, fullName, inspection: undefined, problems: [{ problem: 'missing', text, commands: [] }] };
  }
  const { current, pending } = state;
  const inspection: Inspection = {
    name,
    state,
    pendingHasValue: pending && (await hasValue(state, pending)),
    expiresAt: name === 'manage-token' && current ? await manageTokenExpiry(state, current) : undefined,
  };
  return { name, fullName, inspection, problems: problemsOf(inspection, session.commandLine) };
}

/** The status as printed with `--json`: times are ISO 8601, durations seconds. */
function view({ fullName, inspection, problems }: Status) {
  if (inspection === undefined) return { secret: fullName, versions: [], problems };
  const { name, state, expiresAt } = inspection;
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

function listing(statuses: readonly Status[], look: Look): string {
  const header = titles('SECRET', 'VERSION', 'STAGES', 'AGE', 'ROTATION', 'LAST', 'NEXT');
  return table([header, ...statuses.flatMap(rows)], { ...look, cut: [0, 2, 3, 4, 5, 6] });
}

/** Returns a row per version, and at least one row. */
function rows({ name, fullName, inspection }: Status): Cell[][] {
  if (inspection === undefined) return [[fullName, { tone: 'error', text: 'missing' }]];
  const { versions, rotation, lastRotatedAt, nextRotationAt } = inspection.state;
  const currentFirst = versions.toSorted((one, other) => Number(isCurrent(other)) - Number(isCurrent(one)));
  const [first = [fullName, { tone: 'error', text: 'none' }, '', ''], ...others] = currentFirst.map(
    ({ id, stages, createdAt }, at): Cell[] => [
      at === 0 ? fullName : '',
      shortId(id),
      stages.toSorted().join(' '),
      duration(now() - createdAt),
    ],
  );
  const rotationCells: Cell[] = isRotatable(name)
    ? [rotation ? 'on' : { tone: 'error', text: 'off' }, past(lastRotatedAt), future(nextRotationAt)]
    : ['manual'];
  return [[...first, ...rotationCells], ...others];
}

const isCurrent = ({ stages }: Version): boolean => stages.includes('AWSCURRENT');

function past(time: number | undefined): string {
  return time === undefined ? 'never' : `${duration(now() - time)} ago`;
}

function future(time: number | undefined): string {
  if (time === undefined) return '-';
  return time <= now() ? 'due' : `in ${duration(time - now())}`;
}

function remarks(statuses: readonly Status[], { paint }: Look): string[] {
  const life = statuses.flatMap(({ inspection }) => (inspection?.name === 'manage-token' ? lifeOf(inspection) : []));
  const rotating = statuses.filter(isRotating).map(({ fullName }) => `A rotation of ${fullName} is in progress.`);
  const problems = statuses.flatMap(({ fullName, problems: all }) =>
    all.map(({ text, commands }) => {
      const lines = commands.map((command) => `  ${paint('command', command)}`);
      return [`${paint('error', fullName)}: ${text}`, ...lines].join('\n');
    }),
  );
  return [...life, ...rotating, ...(problems.length === 0 ? [paint('success', 'Nothing is wrong.')] : problems)];
}

function isRotating({ inspection, problems }: Status): boolean {
  return inspection?.state.pending !== undefined && !problems.some(({ problem }) => problem.endsWith('_pending'));
}

function lifeOf({ state, expiresAt }: Inspection): string[] {
  if (state.current === undefined || expiresAt === 'malformed') return [];
  if (expiresAt === undefined)
    return ['The expiry of the manage JWT is unknown: these AWS credentials may not read its value.'];
  const until = minute(new Date(expiresAt).toISOString());
  const left = expiresAt - now();
  return [
    left > 0 ? `The manage JWT expires in ${duration(left)}, at ${until}.` : `The manage JWT expired at ${until}.`,
  ];
}
