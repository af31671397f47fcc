import { randomBytes, randomInt } from 'node:crypto';
import type { DemoPartner } from '#local/demo-partners.ts';
import { startSandbox } from '#local/sandbox/server.ts';
import { send } from '../../calls.ts';
import { exampleContext, typicalCall, type ExampleContext } from '../../openapi/examples.ts';
import type { RehearsalContext } from '../context.ts';
import type { Credentials } from '../account.ts';
import type { Deployment } from './deploy.ts';

/** The credentials and the partner of a set-up environment. */
export interface Access {
  /** Credentials with the operators' policy. */
  operator: Credentials;
  /** Prepares calls of one partner, who has the grant of the examples' manager too. */
  examples: ExampleContext;
  /** The sandbox Budgea, `/2.0` included. */
  budgeaUrl: string;
}

const redirectUri = 'https://partner.example/callback';

/** Creates a partner and sets the secrets with the gateway's command line, as `docs/deploying.md` describes. */
export async function setUp(context: RehearsalContext, deployment: Deployment): Promise<Access> {
  const { settings, cloud, programs, budgeaPort, phase, closeAtEnd } = context;
  const { gatewayUrl, callbackUrl, operatorPolicy } = deployment;
  const { certificateTypes } = settings;
  const operator = await cloud.createUser('operator', operatorPolicy);
  const gateway = (args: string[], input?: string) => programs.gateway(operator, args, input);

  const created = await phase('Create a partner', async (report) => {
    const grant = 'admin:jwt:config:60';
    const options = ['--name', 'Rehearsal', '--redirect-uri', redirectUri, '--grant', grant, '--json'];
    const partner = JSON.parse(await gateway(['partners', 'create', ...options])) as DemoPartner; // The command's documented output.
    report(`${partner.client_id}, with the grant ${grant}`);
    return partner;
  });
  const examples = exampleContext(
    {
      partner: { ...created, redirect_uri: redirectUri },
      manager: created,
      certificateType: certificateTypes[0] ?? 'qwac',
    },
    callbackUrl,
    (call) => send(gatewayUrl, call),
  );

  await phase('Call before the secrets have values', async (report) => {
    const call = await typicalCall('auth_init_post', examples);
    const { status } = await send(gatewayUrl, call, (code) => code === 503);
    report(`${status} ${call.operation}`);
  });

  const contract = {
    client: { client_id: randomInt(10_000_000, 100_000_000), client_secret: randomBytes(36).toString('base64url') },
    adminToken: randomBytes(72).toString('base64url'),
  };
  const redirectUris = [callbackUrl];
  const sandbox = closeAtEnd(await startSandbox({ port: budgeaPort, ...contract, redirectUris, certificateTypes }));
  await phase('Set the secrets', async (report) => {
    const at = ['--budgea-url', sandbox.url];
    await gateway(['secrets', 'set', 'client-credentials', ...at], JSON.stringify(contract.client));
    await gateway(['secrets', 'set', 'admin-token', ...at], contract.adminToken);
    await gateway(['secrets', 'rotate', 'sealing-keys']);
    await gateway(['secrets', 'status']);
    await reportSteps(context, report);
  });
  return { operator, examples, budgeaUrl: sandbox.url };
}

/** Reports the steps of the rotations since the last time. Throws when one of them failed. */
export async function reportSteps({ secretsManager }: RehearsalContext, report: (line: string) => void): Promise<void> {
  for (const { secret, step, milliseconds, failure } of await secretsManager.finishedSteps()) {
    if (failure !== undefined) throw new Error(`${step} of ${secret} failed: ${failure}`);
    report(`${step} of ${secret}, ${Math.round(milliseconds)} ms`);
  }
}
