import { setTimeout as sleep } from 'node:timers/promises';
import { awsErrorKind, describeError } from '../describe-error.ts';
import type { Context } from './context.ts';

/** The finding of a check: `open` is not a fault of the gateway, but unknown from here or not done yet. */
export interface Finding {
  state: 'ok' | 'wrong' | 'open';
  /** One sentence, which contains no secret. */
  text: string;
  /** The commands that solve the problem, in order. */
  commands?: readonly string[];
}

/** A check of one link between a partner's call and Budgea. */
export interface Check {
  name: string;
  /** Throws CliError for a problem, and the services' errors. */
  run(context: Context, signal: AbortSignal): Promise<Finding>;
}

/** Creates the finding of a passed check. */
export const ok = (text: string): Finding => ({ state: 'ok', text });

/** Creates the finding of a failed check. */
export const wrong = (text: string, commands: readonly string[] = []): Finding => ({ state: 'wrong', text, commands });

/** Creates the finding of a check without a result. */
export const open = (text: string, commands: readonly string[] = []): Finding => ({ state: 'open', text, commands });

/** Time limit of a check in milliseconds; a cold function answers sooner. */
const checkTimeout = 10_000;

/** A finding with the name of its check. */
export type Result = Finding & { check: string };

/** Runs all checks concurrently, each within the timeout; returns the results in the checks' order, and reports progress. Never rejects. */
export function runChecks(
  checks: readonly Check[],
  context: Context,
  progress: (done: number) => void,
  timeout = checkTimeout,
): Promise<Result[]> {
  let done = 0;
  progress(done);
  return Promise.all(
    checks.map(async (check) => {
      const finding = await runWithin(timeout, check, context);
      progress(++done);
      return { check: check.name, ...finding };
    }),
  );
}

async function runWithin(timeout: number, check: Check, context: Context): Promise<Finding> {
  const abort = new AbortController();
  const { signal } = abort;
  const late = sleep(timeout, wrong(`There was no answer within ${timeout / 1000} seconds.`), { signal });
  // The timer of a check that ends in time is aborted, which rejects its promise.
  late.catch(() => undefined);
  const finding = check.run(context, signal).catch((error: unknown) => findingOf(error, context));
  return Promise.race([finding, late]).finally(() => abort.abort());
}

/** Returns the finding of a check that failed to run: missing rights and credentials are not faults of the gateway. */
function findingOf(error: unknown, { target }: Context): Finding {
  if (isCredentialsError(error)) return open('Not checked without AWS credentials.');
  const kind = awsErrorKind(error);
  // A missing secret is handled by its check: the missing resource is the table, which has its own check.
  if (kind === 'not_found') return open('Not checked without a table.');
  // The message of a parser can have several lines.
  const [text = ''] = describeError(error, target).split('\n');
  return kind === 'denied' ? open(text) : wrong(text);
}

/** Whether there are no usable credentials or no region; the first check reports which. */
export function isCredentialsError(error: unknown): boolean {
  const kind = awsErrorKind(error);
  return kind === 'no_credentials' || kind === 'expired' || kind === 'invalid_credentials' || kind === 'no_region';
}
