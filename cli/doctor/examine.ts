import { setTimeout as sleep } from 'node:timers/promises';
import { explain } from '../explain.ts';
import { open, wrong, type Check, type Finding } from './check.ts';
import type { Subject } from './subject.ts';

/** A check may take so long, in milliseconds: a cold function answers in less. */
const longest = 10_000;

/** A finding with the name of its check. */
export type Examined = Finding & { check: string };

/**
 * Runs all checks at the same time, each for ten seconds at most; gives their findings in the checks' order. `tell` hears how many are done.
 * Never rejects.
 */
export function examine(
  checks: readonly Check[],
  subject: Subject,
  tell: (done: number) => void,
  patience = longest,
): Promise<Examined[]> {
  let done = 0;
  tell(done);
  return Promise.all(
    checks.map(async (check) => {
      const found = await within(patience, check, subject);
      tell(++done);
      return { check: check.name, ...found };
    }),
  );
}

async function within(patience: number, check: Check, subject: Subject): Promise<Finding> {
  const over = new AbortController();
  const late = sleep(patience, wrong(`There was no answer within ${patience / 1000} seconds.`), {
    signal: over.signal,
  }).finally(() => over.abort());
  // The loser of the race has nobody who listens to it.
  late.catch(() => undefined);
  const found = check.run(subject, over.signal).catch((error: unknown) => foundBy(error, subject));
  return Promise.race([found, late]).finally(() => over.abort());
}

/** What a check that could not be made says: rights and credentials that are missing are no fault of the gateway's. */
function foundBy(error: unknown, { target }: Subject): Finding {
  if (error instanceof Error && isAboutCredentials(error)) return open('Not checked without AWS credentials.');
  // Secrets are looked for with care: it is the table, which has a check of its own.
  if (error instanceof Error && error.name === 'ResourceNotFoundException') return open('Not checked without a table.');
  // A parser says more about what it read than fits into the list.
  const [text = ''] = explain(error, target).split('\n');
  return error instanceof Error && isDenied(error) ? open(text) : wrong(text);
}

/** Whether AWS knows the credentials and does not let them do this. */
export function isDenied({ name }: Error): boolean {
  return name === 'AccessDeniedException' || name === 'AccessDenied';
}

const credentialErrors = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredTokenException',
  'ExpiredToken',
  'RequestExpired',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);

/** Whether there are no credentials, or none that AWS knows, or no region: the first check says which. */
export function isAboutCredentials({ name, message }: Error): boolean {
  return credentialErrors.has(name) || message.startsWith('Region is missing');
}
