import { randomUUID } from 'node:crypto';
import { InvalidRequestException, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { now } from '#lib/clock.ts';
import { withdrawPending, type Version } from '#lib/rotation/secret-versions.ts';
import { secretsManager } from '#lib/aws/sdk-secrets-manager.ts';
import { Refusal } from '../refusal.ts';
import type { Session } from '../session.ts';
import { shortId } from '../view.ts';
import { follow } from './follow.ts';
import { longestRotation, type RotatableName, wasInUse } from './rotatable.ts';
import { requireState, type SecretState } from './state.ts';

/**
 * Rotates a secret now and follows the rotation to its end; gives the version that is in use then. A version that is stuck pending is
 * dropped first, as no rotation begins while there is one; with `drop: 'any'`, one that is still being made too. Throws Refusal.
 */
export async function rotateNow(session: Session, name: RotatableName, drop: 'stuck' | 'any'): Promise<string> {
  const state = await requireState(session, name);
  await dropPending(session, state, drop);
  const version = await begin(session, name, state);
  await follow(session, name, version);
  return version;
}

/** Takes the pending label off a version, so that another rotation can begin. */
export async function dropPending(session: Session, state: SecretState, drop: 'stuck' | 'any'): Promise<void> {
  const { fullName, pending } = state;
  if (pending === undefined || (drop === 'stuck' && !isStuck(pending))) return;
  await withdrawPending(fullName, pending.id);
  if (!wasInUse(pending)) session.note(`Version ${shortId(pending.id)}, which was pending, is dropped.`);
}

function isStuck(pending: Version): boolean {
  return wasInUse(pending) || now() - pending.createdAt >= longestRotation;
}

/** Begins a rotation, or finds the one that is under way already. */
async function begin(session: Session, name: RotatableName, { fullName, rotation }: SecretState): Promise<string> {
  try {
    const command = new RotateSecretCommand({ SecretId: fullName, ClientRequestToken: randomUUID() });
    const { VersionId = '' } = await secretsManager.send(command);
    session.note(`The rotation of ${fullName} has begun: version ${shortId(VersionId)}.`);
    if (!rotation) session.note('Its automatic rotation was off, and is on again.');
    return VersionId;
  } catch (error) {
    if (!(error instanceof InvalidRequestException)) throw error;
    const { pending, hasRotationFunction } = await requireState(session, name);
    if (!hasRotationFunction) throw new Refusal(notSetUp(session, fullName));
    // It was sent no value that it could quote.
    if (pending === undefined) throw new Refusal(`Secrets Manager does not rotate ${fullName}: ${error.message}`);
    session.note(`A rotation of ${fullName} is under way already: version ${shortId(pending.id)}.`);
    return pending.id;
  }
}

function notSetUp(session: Session, fullName: string): string {
  const what = `No function rotates ${fullName} here.`;
  return session.target().folder === undefined
    ? `${what} Deploy the environment, which sets the rotation up.`
    : `${what} Start the local stack again: it sets the rotation up, unless another AWS endpoint has the secrets; then it makes what is missing as it starts.`;
}
