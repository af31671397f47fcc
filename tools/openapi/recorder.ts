import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example } from '#lib/openapi/examples.ts';
import { operations, type Operation } from '#lib/operations/table.ts';
import type { StackFile } from '#local/stack-file.ts';
import { startStack } from '#local/stack.ts';
import { requestOf, send, textsOf, type Answer } from '../calls.ts';
import { recordErrors } from './error-examples.ts';
import { basic, exampleContext, examples, operationIds, type ExampleCall } from './examples.ts';
import { createFakes, type Fakes } from './fakes.ts';

const fakePartner = { client_id: '12345678', client_secret: `bgk_12345678_EXAMPLE${'0'.repeat(42)}` };
const fakeManager = { client_id: '87654321', client_secret: `bgk_87654321_EXAMPLE${'0'.repeat(42)}` };

/** Records every example on a local stack, which no other stack in this process may precede. The same code records the same examples. */
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
  const { origin, host } = new URL(sandbox);
  // This module makes an AWS client, which takes its endpoint from the environment.
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
    [host, 'example.biapi.pro'],
  ]);
  const recorded = new Map<string, Example>();
  const record = async (call: ExampleCall, url = gateway): Promise<Answer> => {
    const expected = call.status ?? successStatus(operations[call.operation]);
    const answer = await send(url, call, (status) => status === expected);
    const example = exampleOf(call, answer, fakes);
    const { operation, method, name, request } = example;
    const key = [operation, method, name, request.mediaType, example.answer.mediaType].join(' ');
    // A call that prepares another one shows nothing new.
    if (!recorded.has(key)) recorded.set(key, example);
    return answer;
  };
  const certificateType = file.certificate_types[0] ?? '';
  const context = exampleContext({ partner, manager, certificateType }, `${gateway}/webauth/callback`, record);
  const user = await context.newUser();
  for (const operation of operationIds) {
    await examples[operation].record({ ...context, user, adminToken, call: (call) => record({ operation, ...call }) });
  }
  await recordErrors({ ...context, sandbox, wrongKey, record });
  return [...recorded.values()];
}

function successStatus({ response }: Operation): number {
  if (response === 'redirect') return 302;
  return response === 'empty' ? 204 : 200;
}

function exampleOf(call: ExampleCall, answer: Answer, fakes: Fakes): Example {
  const { operation, caller, name = caller, summary, path = {}, query = {}, headers = {}, mediaType } = call;
  const { status, mediaType: answered, text, body, location, requestId } = answer;
  if (requestId !== null) fakes.add(requestId, '00000000-0000-4000-8000-000000000000');
  return {
    operation,
    method: requestOf(call).method,
    name,
    summary,
    caller,
    request: fakes.replace({
      path: textsOf(path),
      query: textsOf(query),
      headers,
      ...(mediaType !== undefined && { mediaType }),
      fields: call.fields ?? {},
    }),
    answer: {
      status,
      ...(location !== '' && { location: fakeLocation(location, fakes) }),
      ...(answered !== '' && {
        mediaType: answered,
        body: fakes.replace<unknown>(answered === 'application/json' ? body : text),
      }),
    },
  };
}

/** Replaces values in the query by their names too. */
function fakeLocation(location: string, fakes: Fakes): string {
  const [base = '', search = ''] = location.split('?');
  const query = fakes.replace(Object.fromEntries(new URLSearchParams(search)));
  // The path of the bank's page is random.
  const shown = fakes.replace(base).replace(/[\w-]{30,}$/, 'EXAMPLE-VISIT');
  return shown + (search === '' ? '' : `?${new URLSearchParams(query).toString()}`);
}
