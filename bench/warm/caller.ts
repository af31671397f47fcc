import { request } from 'undici';
import type { Handler } from '../../lib/http/serve.ts';
import { newContext } from '../../local/api-gateway/context.ts';
import { toEvent } from '../../local/api-gateway/event.ts';
import type { Round } from './overhead.ts';

// A process of its own: calls the upstream directly and through the function's bundle, by turns, one call at a time.

const [, , bundle = ''] = process.argv;
// Every function exports its handler.
const { handler } = (await import(bundle)) as { handler: Handler };
const { BUDGEA_URL: upstream = '' } = process.env;
const roundCount = 21;
const callsPerRound = 300;
const path = '/auth/token/code';
const headers = { authorization: 'Bearer anyone' };

const rounds: Round[] = [];
for (let round = 0; round <= roundCount; round += 1) {
  const direct = await timeOf(callDirectly);
  const gateway = await timeOf(callThroughGateway);
  // The first round warms both.
  if (round > 0) rounds.push({ direct, gateway });
}
process.stdout.write(JSON.stringify(rounds));

/** Microseconds for each call. */
async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let calls = 0; calls < callsPerRound; calls += 1) await call();
  return ((performance.now() - startedAt) * 1000) / callsPerRound;
}

async function callDirectly(): Promise<unknown> {
  const { body } = await request(upstream + path, { headers });
  return body.json();
}

async function callThroughGateway(): Promise<unknown> {
  const event = toEvent(
    {
      requestId: 'bench',
      traceId: 'Root=1-00000000-000000000000000000000000',
      receivedAt: new Date(),
      method: 'GET',
      protocol: 'HTTP/1.1',
      path: `/2.0${path}`,
      queryString: '',
      headers: Object.entries(headers),
      body: Buffer.alloc(0),
      sourceIp: '127.0.0.1',
      port: 443,
    },
    { routeKey: `GET /2.0${path}` },
  );
  const { statusCode } = await handler(event, newContext('auth-token-code-get', 29_000));
  if (statusCode !== 200) throw new Error(`the gateway answered ${statusCode}`);
  return statusCode;
}
