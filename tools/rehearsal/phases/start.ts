import { mkdir } from 'node:fs/promises';
import { openCloud, type Cloud } from '../cloud.ts';
import { startEmulator } from '../emulator/emulator.ts';
import { installEmulator } from '../emulator/install.ts';
import { rehearsed } from '../environment.ts';
import { freePort } from '#local/free-port.ts';
import { emulatorFolder, folder, logFile } from '../place.ts';
import { openIdentities } from '../identities.ts';
import { openPrograms } from '../programs.ts';
import { startRotation } from '../rotation/server.ts';
import type { Scene } from '../scene.ts';

/** Brings up an emulator with nothing in it. */
export async function start(
  name: string,
  { transcript, signal, keep }: Pick<Scene, 'transcript' | 'signal' | 'keep'>,
): Promise<Scene> {
  const environment = rehearsed(name);
  const { account, region } = environment;
  await mkdir(folder, { recursive: true });
  const python = await transcript.phase('Install the emulator', () => installEmulator(folder, signal));

  return transcript.phase('Start the emulator', async (tell) => {
    const [port, budgeaPort] = [await freePort(), await freePort()];
    const emulator = `http://127.0.0.1:${port}`;
    const invoke: Cloud['invoke'] = (functionArn, event) => cloud.invoke(functionArn, event);
    const rotation = keep(await startRotation({ emulator, account, region, invoke }));
    const cloud = openCloud({ emulator, secretsManager: rotation.url, account, region });
    const functions = { AWS_ENDPOINT_URL: emulator, AWS_ENDPOINT_URL_SECRETS_MANAGER: rotation.url };
    keep(await startEmulator({ python, folder: emulatorFolder, logFile, port, account, region, functions, signal }));
    tell(`${emulator}, its log in ${logFile}`);
    const programs = openPrograms({
      environment: name,
      home: emulatorFolder,
      emulator,
      secretsManager: rotation.url,
      account,
      region,
      signal,
    });
    const identities = openIdentities({ emulator, account, region });
    return { environment, emulator, cloud, identities, programs, rotation, budgeaPort, transcript, signal, keep };
  });
}
