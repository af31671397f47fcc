import type { JobHandler } from '#lib/jobs/job.ts';
import { newContext } from './api-gateway/context.ts';

/** A scheduled function's time, in milliseconds. */
const jobTimeout = 60_000;

const arnPrefix = 'arn:aws:lambda:eu-west-3:000000000000:function:local-';

/** The ARN by which the local Secrets Manager knows a function. */
export const functionArn = (name: string): string => arnPrefix + name;

/** Runs a scheduled function once, as Lambda does. Rejects when it fails; its own log line says why. */
export async function runJob(name: string, event: unknown = {}): Promise<void> {
  // Every function file exports its handler.
  const { handler } = (await import(`../functions/${name}.ts`)) as { handler: JobHandler };
  await handler(event, newContext(name, jobTimeout));
}

/** Runs the function that an ARN names. */
export async function runByArn(arn: string, event: unknown): Promise<void> {
  await runJob(arn.slice(arnPrefix.length), event);
}
