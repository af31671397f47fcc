import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A Secrets Manager that can rotate. */
export interface RotatingSecretsManager {
  url: string;
  /** Resolves when no rotation is under way any more, with the steps that were taken since the last time. */
  settled(): Promise<StepTaken[]>;
  close(): Promise<void>;
}

/** A step of a rotation, as a function was asked to take it. */
export interface StepTaken {
  secret: string;
  step: string;
  milliseconds: number;
  /** What the function failed with. */
  failure?: string;
}

/** What there is to know of a secret's rotation. */
interface Rotation {
  functionArn: string;
  rules: unknown;
  rotatedAt?: number;
}

type Body = Record<string, unknown>;
type Call = (operation: string, body: Body) => Promise<{ status: number; body: Body }>;

const steps = { rotation: ['createSecret', 'setSecret', 'testSecret', 'finishSecret'], trial: ['testSecret'] };

/**
 * Stands before the emulator's Secrets Manager, whose RotateSecret calls no function: this one does, with Secrets Manager's four steps. Values
 * and labels are the emulator's; what is kept here is which function rotates a secret.
 */
export async function startRotation(
  emulator: string,
  invoke: (functionArn: string, event: unknown) => Promise<unknown>,
): Promise<RotatingSecretsManager> {
  const rotations = new Map<string, Rotation>();
  const underway = new Set<Promise<void>>();
  const taken: StepTaken[] = [];

  const operations: Record<string, (call: Call, body: Body) => ReturnType<Call>> = {
    async RotateSecret(call, body) {
      const described = await call('DescribeSecret', { SecretId: body['SecretId'] });
      if (described.status !== 200) return described;
      const { ARN, Name, VersionIdsToStages } = described.body as unknown as Described; // As the service answers.
      const known = rotations.get(ARN);
      const functionArn = (body['RotationLambdaARN'] as string | undefined) ?? known?.functionArn;
      if (functionArn === undefined) return refusal('No Lambda rotation function ARN is associated with this secret.');
      const labels = Object.values(VersionIdsToStages).find((each) => each.includes('AWSPENDING'));
      if (labels?.includes('AWSCURRENT') === false) return refusal("A previous rotation isn't complete.");
      rotations.set(ARN, { ...known, functionArn, rules: body['RotationRules'] ?? known?.rules });
      const token = (body['ClientRequestToken'] as string | undefined) ?? randomUUID();
      await call('PutSecretValue', { SecretId: ARN, ClientRequestToken: token, VersionStages: ['AWSPENDING'] });
      const kind = body['RotateImmediately'] === false ? 'trial' : 'rotation';
      const rotating = rotate(call, { ARN, Name, functionArn, token }, kind).finally(() => underway.delete(rotating));
      underway.add(rotating);
      return { status: 200, body: { ARN, Name, VersionId: token } };
    },

    async DescribeSecret(call, body) {
      const answer = await call('DescribeSecret', body);
      const rotation = rotations.get(String(answer.body['ARN']));
      if (rotation === undefined) return answer;
      const { functionArn, rules, rotatedAt } = rotation;
      const known = { RotationEnabled: true, RotationLambdaARN: functionArn, RotationRules: rules };
      return { ...answer, body: { ...answer.body, ...known, ...(rotatedAt && { LastRotatedDate: rotatedAt / 1000 }) } };
    },

    /** The emulator answers for a version without a value, and leaves the value out. */
    async GetSecretValue(call, body) {
      const answer = await call('GetSecretValue', body);
      const { SecretString, SecretBinary } = answer.body;
      if (answer.status !== 200 || (SecretString ?? SecretBinary) !== undefined) return answer;
      return refusal("Secrets Manager can't find the specified secret value.", 'ResourceNotFoundException');
    },
  };

  async function rotate(
    call: Call,
    { ARN, Name, functionArn, token }: { ARN: string; Name: string; functionArn: string; token: string },
    kind: keyof typeof steps,
  ): Promise<void> {
    for (const step of steps[kind]) {
      const began = performance.now();
      const took = () => ({ secret: Name, step, milliseconds: performance.now() - began });
      try {
        await invoke(functionArn, { SecretId: ARN, ClientRequestToken: token, Step: step });
        taken.push(took());
      } catch (error) {
        taken.push({ ...took(), failure: error instanceof Error ? error.message : String(error) });
        return;
      }
    }
    const rotation = rotations.get(ARN);
    if (kind === 'rotation' && rotation !== undefined) rotation.rotatedAt = Date.now();
    if (kind === 'trial') {
      await call('UpdateSecretVersionStage', {
        SecretId: ARN,
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: token,
      });
    }
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // Neither a pipe nor closed.

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    const target = String(request.headers['x-amz-target']);
    const call: Call = async (operation, body) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        authorization: String(request.headers.authorization),
        'x-amz-target': `secretsmanager.${operation}`,
      };
      const answer = await fetch(emulator, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Body };
    };
    const operation = target.replace('secretsmanager.', '');
    const body = JSON.parse(sent || '{}') as Body;
    const perform = operations[operation] ?? ((onwards, asked) => onwards(operation, asked));
    const answer = await perform(call, body);
    response
      .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer.body));
  }

  return {
    url: `http://127.0.0.1:${port}`,
    async settled() {
      await Promise.all(underway);
      return taken.splice(0);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Described {
  ARN: string;
  Name: string;
  VersionIdsToStages: Record<string, string[]>;
}

function refusal(Message: string, __type = 'InvalidRequestException'): { status: number; body: Body } {
  return { status: 400, body: { __type, Message } };
}
