import type { Example } from '#lib/openapi/examples.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackFile } from '#local/stack-file.ts';
import { startStack } from '#local/stack.ts';
import { basic } from './credentials.ts';
import { createFakes } from './fakes.ts';
import { record, type Answered, type Call } from './recorder.ts';
import { recordRefusals } from './refusals.ts';
import { recordSuccesses } from './successes.ts';

/** What the calls of a recording have in common. */
export interface Recording {
  stack: StackFile;
  /** The partner's key, mistyped. */
  wrongKey: string;
  /** A token of Budgea's that may do everything. */
  adminToken: string;
  /** Makes a call to the stack, or to another gateway in front of the same functions. */
  call: (call: Call, url?: string) => Promise<Answered>;
}

const fakePartner = { client_id: '12345678', client_secret: `bgk_12345678_EXAMPLE${'0'.repeat(42)}` };
const fakeManager = { client_id: '87654321', client_secret: `bgk_87654321_EXAMPLE${'0'.repeat(42)}` };

/** Makes every example anew on a local stack of their own; this process can run no other one. The same code gives the same examples. */
export async function recordExamples(): Promise<Example[]> {
  const data = await mkdtemp(join(tmpdir(), 'examples-'));
  const stack = await startStack({ port: 0, data });
  try {
    return await recordOn(stack.file);
  } finally {
    await stack.close();
    await rm(data, { recursive: true });
  }
}

async function recordOn(file: StackFile): Promise<Example[]> {
  const { gateway, sandbox = '', partner, manager } = file;
  const origin = new URL(sandbox).origin;
  // It makes an AWS client, which takes its endpoint from the environment.
  const { readSecret } = await import('#local/secrets.ts');
  const { token: adminToken = '' } = (await readSecret<{ token: string }>('admin-token')) ?? {};
  const wrongKey = partner.client_secret.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  const fakes = createFakes([
    [basic(partner), basic(fakePartner)],
    [adminToken, 'EXAMPLE-ADMIN-TOKEN'],
    [wrongKey, `bgk_12345678_EXAMPLE-OF-A-WRONG-KEY${'0'.repeat(27)}`],
    [partner.client_secret, fakePartner.client_secret],
    [manager.client_secret, fakeManager.client_secret],
    [partner.client_id, fakePartner.client_id],
    [manager.client_id, fakeManager.client_id],
    [partner.redirect_uri, 'https://app.example/callback'],
    [gateway, 'https://gateway.example/2.0'],
    [origin, 'https://example.biapi.pro'],
    [new URL(origin).host, 'example.biapi.pro'],
  ]);
  const examples: Example[] = [];
  const recording: Recording = {
    stack: file,
    wrongKey,
    adminToken,
    call: (call, url = gateway) => record(url, call, fakes, examples),
  };
  await recordSuccesses(recording);
  await recordRefusals(recording);
  return examples;
}
