import { functionArn, runByArn } from '#local/jobs.ts';
import { makeRevoker, type Revoker } from './revoker.ts';
import type { SoakStack } from './stack.ts';

/** The rotations of the manage token, one after the other. */
export interface Rotations {
  /** How many have made their token the one in use. */
  readonly promoted: number;
  /** After how many of them the older tokens were revoked. */
  readonly revoking: number;
  /** How long each took, in milliseconds. */
  readonly times: readonly number[];
  /** Runs the rotation function's steps, as Secrets Manager asks for them. */
  invoke(arn: string, event: { Step: string }): Promise<void>;
  /** Rotates so often, each as soon as the one before has ended; stops early after `signal`. Throws the service's errors. */
  run(stack: SoakStack, count: number, signal: AbortSignal): Promise<void>;
}

/** Makes rotations to come. */
export function createRotations(): Rotations {
  let promoted = 0;
  let revoking = 0;
  let revoker: Revoker | undefined;
  const times: number[] = [];
  return {
    get promoted() {
      return promoted;
    },
    get revoking() {
      return revoking;
    },
    times,
    async invoke(arn, event) {
      await runByArn(arn, event);
      if (event.Step !== 'finishSecret') return;
      promoted += 1;
      // Every second one: a request has two upstream calls, so that two tokens may not die within one request.
      const revokes = promoted % 2 === 1;
      await revoker?.promoted(revokes);
      if (revokes) revoking += 1;
    },
    async run(stack, count, signal) {
      revoker = await makeRevoker(stack.sandbox.url);
      for (let rotation = 0; rotation < count && !signal.aborted; rotation += 1) {
        const startedAt = performance.now();
        await rotate();
        await stack.rotationsEnded();
        times.push(performance.now() - startedAt);
      }
    },
  };
}

async function rotate(): Promise<void> {
  // The client takes its endpoint from the environment.
  const { RotateSecretCommand } = await import('@aws-sdk/client-secrets-manager');
  const { secretsManager } = await import('#lib/aws/sdk-secrets-manager.ts');
  const { env } = await import('#lib/config/env.ts');
  await secretsManager.send(
    new RotateSecretCommand({
      SecretId: env.secretId('manage-token'),
      RotationLambdaARN: functionArn('rotate-manage-token'),
    }),
  );
}
