import type { Context } from 'aws-lambda';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { describeError, type ErrorDescription } from '../observability/describe-error.ts';
import { fillObject, metricsLog } from '../observability/log.ts';
import { type Invocation, createInvocation } from '../operations/call.ts';
import type { JobId } from '../operations/jobs.ts';

/** Thrown to whoever invoked a scheduled function that failed: its log line has the reason, so that no secret can get into this. */
class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

/** A scheduled function's Lambda handler. */
export type JobHandler = (event: unknown, context: Context) => Promise<void>;

/** What a job adds to its log line, whatever becomes of the run; every field is safe to log. */
type JobFacts = Readonly<Record<string, string | number | readonly string[]>>;

/** One run; `note` takes facts as soon as they are known. */
export type Run = (event: unknown, invocation: Invocation, note: (facts: JobFacts) => void) => Promise<void>;

/** Makes a scheduled function's handler: one log line for each run, with metrics by job and outcome. */
export function job(id: JobId, run: Run): JobHandler {
  return async (event, context) => {
    const startedAt = now();
    const invocation = createInvocation(context, false);
    let noted: JobFacts = {};
    const write = (outcome: 'success' | 'failed', explanation: ErrorDescription) => {
      const { count } = invocation.log;
      // What is counted alarms for the whole environment, whoever counted it.
      const dimensions = [['environment'], ['environment', 'job', 'outcome']];
      metricsLog(dimensions, { runs: 'Count', ...fillObject('Count', count) })(startedAt, {
        level: outcome === 'success' ? 'INFO' : 'ERROR',
        time: new Date(startedAt).toISOString(),
        request_id: invocation.requestId,
        environment: env.environment(),
        job: id,
        outcome,
        ...noted,
        ...explanation,
        duration_ms: now() - startedAt,
        runs: 1,
        ...fillObject(1, count),
      });
    };
    try {
      await run(event, invocation, (facts) => (noted = { ...noted, ...facts }));
    } catch (error) {
      write('failed', describeError(error));
      throw new JobFailed(`${id} failed: see the log line of request ${invocation.requestId}`);
    } finally {
      invocation.release();
    }
    write('success', {});
  };
}
