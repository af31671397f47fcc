import { randomBytes, randomInt } from 'node:crypto';
import { AuthenticationApi, Configuration } from '#lib/budgea/authentication-api.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import type { Credentials } from '../identities.ts';
import type { Partner } from '../operations.ts';
import type { Scene } from '../scene.ts';
import { tellSteps } from './steps.ts';
import type { Deployed } from './deploy.ts';

/** What the first calls need. */
export interface Ready {
  /** Somebody who may do what the operators' policy says. */
  operator: Credentials;
  partner: Partner;
  redirectUri: string;
  /** The Budgea that is called, `/2.0` included. */
  budgeaUrl: string;
}

const redirectUri = 'https://partner.example/home';

/** Makes a partner and gives the secrets their values with the gateway's command line, as `docs/deploying.md` says. */
export async function setUp(scene: Scene, { gatewayUrl, callbackUrl, operatorPolicy }: Deployed): Promise<Ready> {
  const { environment, identities, programs, budgeaPort, transcript, signal, keep } = scene;
  const contract = {
    client: { client_id: randomInt(10_000_000, 100_000_000), client_secret: randomBytes(36).toString('base64url') },
    adminToken: randomBytes(72).toString('base64url'),
  };

  const operator = await identities.createUser('operator', operatorPolicy);
  const gateway = (args: string[], input?: string) => programs.gateway(operator, args, input);

  const partner = await transcript.phase('Create a partner', async (tell) => {
    const grant = 'admin:jwt:config:60';
    const options = ['--name', 'Rehearsal', '--redirect-uri', redirectUri, '--grant', grant, '--json'];
    const made = await gateway(['partners', 'create', ...options]);
    const { client_id, client_secret } = JSON.parse(made) as Partner; // As the command line says it.
    tell(`${client_id}, with the grant ${grant}`);
    return { client_id, client_secret };
  });

  await transcript.phase('Call before the secrets have values', async (tell) => {
    const api = new AuthenticationApi(new Configuration({ basePath: gatewayUrl, signal }));
    const status = await api.authInitPost(partner).then(
      () => 200,
      (error: unknown) => (error instanceof Error && 'status' in error ? error.status : error),
    );
    if (status !== 503) throw new Error(`auth_init_post answers ${String(status)}, and not 503`);
    tell('503 auth_init_post');
  });

  const { certificateTypes } = environment.settings;
  const redirectUris = [callbackUrl];
  const sandbox = keep(await startSandbox({ port: budgeaPort, ...contract, redirectUris, certificateTypes }));
  await transcript.phase('Give the secrets their values', async (tell) => {
    const at = ['--budgea-url', sandbox.url];
    await gateway(['secrets', 'set', 'client-credentials', ...at], JSON.stringify(contract.client));
    await gateway(['secrets', 'set', 'admin-token', ...at], contract.adminToken);
    await gateway(['secrets', 'rotate', 'sealing-keys']);
    await gateway(['secrets', 'status']);
    await tellSteps(scene, tell);
  });
  return { operator, partner, redirectUri, budgeaUrl: sandbox.url };
}
