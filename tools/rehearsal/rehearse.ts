import { mkdir } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import type { EnvironmentSettings } from '#infra/settings.ts';
import { environments } from '#infra/environments.ts';
import { resourceName } from '#infra/names.ts';
import { freePort } from '#local/loopback.ts';
import { openCloud } from './cloud.ts';
import { type RehearsalContext } from './context.ts';
import { emulatorFolder, folder, logFile, type Closeable } from './account.ts';
import { installEmulator, startEmulator } from './emulator.ts';
import { checkAlarms } from './phases/alarms.ts';
import { deploy, destroy } from './phases/deploy.ts';
import { checkPermissions } from './phases/permissions.ts';
import { setUp } from './phases/set-up.ts';
import { use } from './phases/use.ts';
import { openPrograms } from './programs.ts';
import { startSecretsManager } from './secrets-manager.ts';
import { beginTranscript, type Transcript } from './transcript.ts';

/** The limit of a rehearsal, in milliseconds. */
const timeout = 10 * 60_000;
const names = Object.keys(environments);

const {
  args: [name = 'dev'],
} = new Command('npm run rehearse --')
  .description('Deploys an environment to an AWS emulator on this machine, uses it and destroys it.')
  .addArgument(new Argument('[environment]', `${names.join(', ')} (default: dev)`).choices(names))
  .parse();
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    process.stdout.write('\nStopping.\n');
    interruption.abort();
  });
}

const transcript = beginTranscript(process.stdout);
try {
  await rehearse(AbortSignal.any([interruption.signal, AbortSignal.timeout(timeout)]));
} catch (error) {
  process.exitCode = interruption.signal.aborted ? 130 : 1;
  if (!interruption.signal.aborted) {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n\nThe log: ${logFile}\n`);
  }
} finally {
  process.stdout.write(`\n${transcript.summary()}\n`);
}

/** Throws at the first unexpected result. */
async function rehearse(signal: AbortSignal): Promise<void> {
  const open: Closeable[] = [];
  const closeAtEnd = <T extends Closeable>(part: T): T => {
    open.push(part);
    return part;
  };
  try {
    const context = await start(transcript, signal, closeAtEnd);
    const deployment = await deploy(context);
    const access = await setUp(context, deployment);
    await checkPermissions(context, deployment);
    await use(context, deployment, access);
    await checkAlarms(context, deployment, access);
    await destroy(context);
  } finally {
    for (const part of open.toReversed()) await part.close();
  }
}

/** Starts an empty emulator. */
async function start(
  { phase }: Transcript,
  signal: AbortSignal,
  closeAtEnd: RehearsalContext['closeAtEnd'],
): Promise<RehearsalContext> {
  const settings: EnvironmentSettings = environments[name as keyof typeof environments]; // The argument allows no other name.
  const { account = '000000000000', region = 'eu-west-3' } = settings;
  await mkdir(folder, { recursive: true });
  const python = await phase('Install the emulator', () => installEmulator(folder, signal));

  return phase('Start the emulator', async (report) => {
    const [port, budgeaPort] = [await freePort(), await freePort()];
    const emulator = `http://127.0.0.1:${port}`;
    const secretsManager = closeAtEnd(
      await startSecretsManager(emulator, (functionArn, event) => cloud.invoke(functionArn, event)),
    );
    const addresses = { emulator, secretsManager: secretsManager.url, account, region };
    const cloud = openCloud(addresses);
    closeAtEnd(await startEmulator({ ...addresses, python, folder: emulatorFolder, logFile, port, signal }));
    report(`${emulator}, its log in ${logFile}`);
    return {
      name,
      settings,
      account,
      region,
      stacks: { foundation: resourceName(name, 'foundation'), gateway: resourceName(name, 'gateway') },
      emulator,
      cloud,
      secretsManager,
      programs: openPrograms({ ...addresses, environment: name, home: emulatorFolder, signal }),
      budgeaPort,
      phase,
      signal,
      closeAtEnd,
    };
  });
}
