import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations, type Operation, type OperationId } from '#lib/operations/table.ts';
import { runJob } from '#local/jobs.ts';
import { startFreshDeployment, type FreshDeployment } from './fresh-deployment.ts';

// From a deployment to the first signed call, with the commands in docs/deploying.md.

let deployed: FreshDeployment;
beforeAll(async () => {
  deployed = await startFreshDeployment();
});
afterAll(() => deployed.close());

type Partner = Record<'client_id' | 'client_secret', string>;

/** Runs a command that must succeed. */
async function gateway(command: string, stdin = ''): Promise<string> {
  const { code, stdout, stderr } = await deployed.gateway(command.split(' '), { stdin });
  expect({ command, code, stderr }).toEqual({ command, code: 0, stderr });
  return stdout;
}

async function createPartner(): Promise<Partner> {
  const grants = ['users:all', 'admin:jwt:config:5'].map((grant) => `--grant ${grant}`).join(' ');
  const created = await gateway(`partners create --name One --redirect-uri https://one.example/back ${grants} --json`);
  return JSON.parse(created) as Partner;
}

/** Returns a call of each operation that needs a secret; the secret is read only if the rest of the call is valid. */
function callsOf({ client_id, client_secret }: Partner): Partial<Record<OperationId, [string, RequestInit]>> {
  const signed = { headers: { authorization: client_secret } };
  const client = (fields = {}) => ({ body: new URLSearchParams({ client_id, client_secret, ...fields }) });
  const back = new URLSearchParams({ client_id, redirect_uri: 'https://one.example/back' });
  return {
    admin_jwt_post: ['/admin/jwt', signed],
    auth_init_post: ['/auth/init', client()],
    auth_jwt_post: ['/auth/jwt', client()],
    auth_token_access_post: ['/auth/token/access', client({ code: 'none' })],
    certificate_type_get: ['/certificate/qwac', signed],
    users_id_user_get: ['/users/all', signed],
    users_id_user_delete: ['/users/4242', signed],
    users_id_user_token_post: [
      '/users/4242/token',
      { ...signed, body: new URLSearchParams({ application: 'sharedAccess' }) },
    ],
    webauth_get: [`/webauth?${back.toString()}`, {}],
    webauth_callback_get: ['/webauth/callback?state=unknown.AAAA', {}],
  };
}

async function call(id: OperationId, [path, init]: [string, RequestInit]): Promise<Response> {
  return fetch(deployed.file.gateway + path, { method: operations[id].method, redirect: 'manual', ...init });
}

test('from a deployment to a signed call', async () => {
  const partner = await createPartner();
  await gateway(`partners claim ${partner.client_id} 4242`);
  const calls = callsOf(partner);
  const needSecrets = Object.entries<Operation>(operations).filter(([, { needs }]) => needs.secrets.length > 0);
  expect(Object.keys(calls).toSorted()).toEqual(needSecrets.map(([id]) => id).toSorted());

  // Each call is answered with 503, and its log line names the missing secret.
  deployed.logs();
  for (const [id, request] of Object.entries(calls) as [OperationId, [string, RequestInit]][]) {
    const answer = await call(id, request);
    expect([id, answer.status]).toEqual([id, 503]);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    const [line] = deployed.logs();
    expect(line?.['detail']).toMatch(/^the secret [a-z-]+ is not set: run "gateway secrets set"$/);
  }

  // Schedules run before the secrets are set; what they leave pending must not block later rotations.
  await deployed.rotate('manage-token');
  await expect(runJob('fetch-certificates')).rejects.toThrow('fetch_certificates failed');
  await runJob('watch');
  expect(deployed.logs().find(({ step }) => step === 'createSecret')).toMatchObject({
    outcome: 'failed',
    detail: 'the secret admin-token is not set: run "gateway secrets set"',
  });

  await gateway('secrets set client-credentials', JSON.stringify(deployed.client));
  await gateway('secrets set admin-token', deployed.adminToken);
  await gateway('secrets rotate sealing-keys');
  await runJob('fetch-certificates');

  for (const [id, request] of Object.entries(calls) as [OperationId, [string, RequestInit]][]) {
    const { status } = await call(id, request);
    expect([id, status]).not.toEqual([id, 503]);
  }
  const created = await call('auth_init_post', calls.auth_init_post ?? ['', {}]);
  expect(await created.json()).toMatchObject({ auth_token: expect.any(String), type: 'permanent' });
  await deployed.rotate('manage-token');
  expect(await gateway('doctor')).not.toContain('✗');
});
