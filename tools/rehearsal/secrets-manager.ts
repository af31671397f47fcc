import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { ServiceError } from '#local/secrets-manager/errors.ts';
import { readCall, respond } from '#local/secrets-manager/server.ts';
import type { Secret } from '#local/secrets-manager/secret.ts';
import { openService, type Call } from '#local/secrets-manager/service.ts';
import { openStore } from '#local/store.ts';
import type { Closeable } from './account.ts';

/** One step of a rotation. */
interface RotationStep {
  secret: string;
  step: string;
  milliseconds: number;
  /** The error of the rotation function. */
  failure?: string;
}

/** A Secrets Manager that checks permissions and rotates secrets. */
export interface RehearsalSecretsManager extends Closeable {
  url: string;
  /** Waits for running rotations; returns the steps since the last call. */
  finishedSteps(): Promise<RotationStep[]>;
}

/** Errors of an allowed call: the emulator's versions differ from those of the local service. */
const stateErrors = new Set(['InvalidParameterException', 'InvalidRequestException', 'ResourceNotFoundException']);

/**
 * Starts the local Secrets Manager behind the emulator's: the emulator checks the caller's permissions, the local service answers. The emulator's
 * own service rotates no secret, and returns a secret without a value.
 */
export async function startSecretsManager(
  emulator: string,
  invoke: (functionArn: string, event: unknown) => Promise<void>,
): Promise<RehearsalSecretsManager> {
  const store = await openStore();
  const secrets = store.table<Secret>('secrets');
  const steps: RotationStep[] = [];
  const service = openService({ invoke: runStep, rotationRetryDelaysMs: [] }, store);
  const server = createServer((incoming, response) => void respond(response, () => answer(incoming))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    url: `http://127.0.0.1:${port}`,
    async finishedSteps() {
      await service.runDueRotations();
      return steps.splice(0);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await service.close();
    },
  };

  async function answer(incoming: IncomingMessage): Promise<object> {
    // The emulator authenticates the caller.
    const call = await readCall(incoming, undefined);
    await authorize(incoming.headers, call);
    return service.perform(call);
  }

  /** Makes the call on the emulator, with the signed headers. Throws AccessDeniedException when the emulator rejects the caller. */
  async function authorize(headers: IncomingHttpHeaders, { body }: Call): Promise<void> {
    // The clients of this project write JSON as JSON.stringify does, so that the signature stays valid.
    const check = request(emulator, { method: 'POST', headers }).end(JSON.stringify(body));
    const [response] = (await once(check, 'response')) as [IncomingMessage];
    const { __type, ARN, Name } = (await json(response)) as { __type?: string; ARN?: string; Name?: string };
    if (__type !== undefined && !stateErrors.has(__type)) {
      throw new ServiceError('AccessDeniedException', `The emulator rejects the call: ${__type}.`);
    }
    // CloudFormation has created the secret in the emulator.
    if (ARN === undefined || Name === undefined || secrets.get(Name) !== undefined) return;
    const now = Date.now();
    await secrets.set(Name, { arn: ARN, name: Name, tags: [], createdAt: now, changedAt: now, versions: [] });
  }

  async function runStep(functionArn: string, event: { SecretId: string; Step: string }): Promise<void> {
    const startedAt = performance.now();
    const secret = secrets.values().find(({ arn }) => arn === event.SecretId)?.name ?? '';
    const step = { secret, step: event.Step };
    try {
      await invoke(functionArn, event);
      steps.push({ ...step, milliseconds: performance.now() - startedAt });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      steps.push({ ...step, milliseconds: performance.now() - startedAt, failure });
      throw error;
    }
  }
}
