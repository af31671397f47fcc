import { storeCertificate, markFailedCheck, type StoreResult } from '#lib/jobs/certificates.ts';
import { env } from '#lib/config/env.ts';
import { JobError } from '#lib/errors.ts';
import { describeError, type ErrorDescription } from '#lib/observability/describe-error.ts';
import type { CountedEvent, Invocation } from '#lib/operations/call.ts';
import { job } from '#lib/jobs/job.ts';
import { fillObject, metricsLog } from '#lib/observability/log.ts';
import { now } from '#lib/clock.ts';
import { signed } from '#lib/secrets/signing.ts';

type Outcome = StoreResult | 'failed';

/** Fetches every configured certificate type. A type that fails keeps its stored certificate, and the run fails after all types are done. */
export const handler = job('fetch_certificates', async (_event, invocation, note) => {
  const types = env.certificateTypes();
  note({ types });
  const outcomes = await Promise.all(types.map((type) => fetchType(invocation, type)));
  const failed = types.filter((_, index) => outcomes[index] === 'failed' || outcomes[index] === 'older');
  if (failed.length > 0) throw new JobError(`not refreshed: ${failed.join(', ')}`);
});

const logCheck = metricsLog([['environment', 'certificate_type', 'outcome']], { certificate_checks: 'Count' });

async function fetchType(invocation: Invocation, type: string): Promise<Outcome> {
  const count: CountedEvent[] = [];
  const [outcome, facts] = await refresh(invocation, type, count);
  // The run's log line has the metrics, this line names the type.
  invocation.log.count.push(...count);
  logCheck(now(), {
    level: outcome === 'failed' || outcome === 'older' ? 'ERROR' : 'INFO',
    time: new Date(now()).toISOString(),
    request_id: invocation.requestId,
    environment: env.environment(),
    certificate_type: type,
    outcome,
    ...facts,
    ...fillObject(1, count),
    certificate_checks: 1,
  });
  return outcome;
}

async function refresh(
  invocation: Invocation,
  type: string,
  count: CountedEvent[],
): Promise<[Outcome, ErrorDescription]> {
  try {
    const fetched = await signed(invocation, 'manage-token', (budgea) => budgea.certificateTypeGet(type));
    return [await storeCertificate(type, fetched, count), {}];
  } catch (error) {
    // If this write fails too, the age of the stored certificate triggers its alarm.
    await markFailedCheck(type).catch(() => undefined);
    return ['failed', describeError(error)];
  }
}
