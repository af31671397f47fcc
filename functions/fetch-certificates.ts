import { keepCertificate, noteFailedCheck, type Kept } from '#lib/certificates.ts';
import { env } from '#lib/env.ts';
import { Refused } from '#lib/errors.ts';
import { explain, type Explanation } from '#lib/explain.ts';
import type { Counted, Invocation } from '#lib/http/call.ts';
import { job } from '#lib/job.ts';
import { eachAs, metricsLog } from '#lib/metrics.ts';
import { now } from '#lib/clock.ts';
import { signed } from '#lib/signing.ts';

type Outcome = Kept | 'failed';

/** Fetches every configured certificate type; a type that fails keeps its last good one, and the run fails after the others are done. */
export const handler = job('fetch_certificates', async (_event, invocation, note) => {
  const types = env.certificateTypes();
  note({ types });
  const outcomes = await Promise.all(types.map((type) => fetchType(invocation, type)));
  const failed = types.filter((_, index) => outcomes[index] === 'failed' || outcomes[index] === 'older');
  if (failed.length > 0) throw new Refused(`not refreshed: ${failed.join(', ')}`);
});

const logCheck = metricsLog([['environment', 'certificate_type', 'outcome']], { certificate_checks: 'Count' });

async function fetchType(invocation: Invocation, type: string): Promise<Outcome> {
  const count: Counted[] = [];
  const [outcome, facts] = await refresh(invocation, type, count);
  // The run's line has the metric, this one says which type it is about.
  invocation.record.count.push(...count);
  logCheck(now(), {
    level: outcome === 'failed' || outcome === 'older' ? 'ERROR' : 'INFO',
    time: new Date(now()).toISOString(),
    request_id: invocation.requestId,
    environment: env.environment(),
    certificate_type: type,
    outcome,
    ...facts,
    ...eachAs(1, count),
    certificate_checks: 1,
  });
  return outcome;
}

async function refresh(invocation: Invocation, type: string, count: Counted[]): Promise<[Outcome, Explanation]> {
  try {
    const fetched = await signed(invocation, 'manage-token', (budgea) => budgea.certificateTypeGet(type));
    return [await keepCertificate(type, fetched, count), {}];
  } catch (error) {
    // A table that cannot be written either shows in the age of what it keeps.
    await noteFailedCheck(type).catch(() => undefined);
    return ['failed', explain(error)];
  }
}
