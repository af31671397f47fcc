import type { JobHandler } from '#lib/jobs/job.ts';
import { newContext } from './api-gateway/invoke.ts';

/** The intervals of the scheduled functions, in milliseconds. */
export interface Intervals {
  /** The rotation of the manage token. */
  rotate: number;
  /** The fetch of the certificates. */
  fetch: number;
}

const hour = 3_600_000;

/** The intervals of a deployed environment. */
export const deployedIntervals: Intervals = { rotate: 4 * hour, fetch: 6 * hour };

/** The timeout of a scheduled function, in milliseconds. */
const jobTimeout = 60_000;

const arnPrefix = 'arn:aws:lambda:eu-west-3:000000000000:function:local-';

/** Returns the ARN of a function in the local Secrets Manager. */
export const functionArn = (name: string): string => arnPrefix + name;

/** Runs a scheduled function once. Rejects when it fails; its log line has the cause. */
export async function runJob(name: string, event: unknown = {}): Promise<void> {
  // Every function file exports its handler.
  const { handler } = (await import(`../functions/${name}.ts`)) as { handler: JobHandler };
  await handler(event, newContext(name, jobTimeout));
}

/** Runs the function with an ARN. */
export async function runByArn(arn: string, event: unknown): Promise<void> {
  await runJob(arn.slice(arnPrefix.length), event);
}
