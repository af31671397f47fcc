import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { makeRotator, type RotatorOptions, type StepTaken } from './rotator.ts';

/** A Secrets Manager that rotates. */
export interface RotatingSecretsManager {
  url: string;
  /** The steps that functions have taken since the last time; resolves when no rotation is under way. */
  settled(): Promise<StepTaken[]>;
  close(): Promise<void>;
}

type Body = Record<string, unknown>;

interface Answer {
  status: number;
  body: Body;
}

/**
 * Stands before the emulator's Secrets Manager, whose RotateSecret calls no function: this one does. Everything else is the emulator's, values
 * and labels too, and it gets each call as the caller signed it.
 */
export async function startRotation(options: RotatorOptions): Promise<RotatingSecretsManager> {
  const rotator = makeRotator(options);
  const server = createServer((asked, response) => {
    serve(asked, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.

  async function serve(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await buffer(asked);
    const answer = await perform(asked, sent);
    response
      .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer.body));
  }

  async function perform(asked: IncomingMessage, sent: Buffer): Promise<Answer> {
    const operation = String(asked.headers['x-amz-target']).replace('secretsmanager.', '');
    if (operation === 'RotateSecret') {
      const body = await rotator.rotate(JSON.parse(sent.toString()));
      return { status: '__type' in body ? 400 : 200, body };
    }
    const answer = await pass(options.emulator, asked, sent);
    if (answer.status !== 200) return answer;
    if (operation === 'DescribeSecret')
      return { ...answer, body: { ...answer.body, ...rotator.told(answer.body['ARN']) } };
    if (operation === 'GetSecretValue' && !hasValue(answer.body)) return noValue;
    return answer;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    settled: () => rotator.settled(),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Host and all: they are signed. */
async function pass(emulator: string, { method, headers }: IncomingMessage, sent: Buffer): Promise<Answer> {
  const passed = request(emulator, { method, headers }).end(sent);
  const [answer] = (await once(passed, 'response')) as [IncomingMessage];
  const text = (await buffer(answer)).toString();
  return { status: answer.statusCode ?? 0, body: JSON.parse(text || '{}') as Body };
}

/** The emulator answers for a version that has no value yet, and leaves the value out. */
function hasValue({ SecretString, SecretBinary }: Body): boolean {
  return (SecretString ?? SecretBinary) !== undefined;
}

const noValue: Answer = {
  status: 400,
  body: {
    __type: 'ResourceNotFoundException',
    Message: "Secrets Manager can't find the specified secret value.",
  },
};
