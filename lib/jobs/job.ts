import type { Context } from 'aws-lambda';
import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { describeError, type ErrorDescription } from '../observability/describe-error.ts';
import { fillObject, metricsLog } from '../observability/log.ts';
import { type Invocation, createInvocation } from '../operations/call.ts';
import type { JobId } from '../operations/jobs.ts';

/** The error of a failed invocation. The reason is only in the log line, so that the error cannot contain a secret. */
class JobFailed extends Error {
  override readonly name = 'JobFailed';
}

/** The Lambda handler of a job. */
export type JobHandler = (event: unknown, context: Context) => Promise<void>;

/** Fields of a job's log line. Every field must be safe to log. */
type JobFields = Readonly<Record<string, string | number | readonly string[]>>;

/** Runs a job. `note` adds fields to the log line, which are logged even if the job fails. */
export type Run = (event: unknown, invocation: Invocation, note: (fields: JobFields) => void) => Promise<void>;

/** Returns a job's handler, which writes a log line with metrics for each invocation. */
export function job(id: JobId, run: Run): JobHandler {
  return async (event, context) => {
    const startedAt = now();
    const invocation = createInvocation(context, false);
    let fields: JobFields = {};
    const write = (outcome: 'success' | 'failed', description: ErrorDescription) => {
      const { count } = invocation.log;
      // Alarms evaluate counted events by environment.
      const dimensions = [['environment'], ['environment', 'job', 'outcome']];
      metricsLog(dimensions, { runs: 'Count', ...fillObject('Count', count) })(startedAt, {
        level: outcome === 'success' ? 'INFO' : 'ERROR',
        time: new Date(startedAt).toISOString(),
        request_id: invocation.requestId,
        environment: env.environment(),
        job: id,
        outcome,
        ...fields,
        ...description,
        duration_ms: now() - startedAt,
        runs: 1,
        ...fillObject(1, count),
      });
    };
    try {
      await run(event, invocation, (added) => (fields = { ...fields, ...added }));
    } catch (error) {
      write('failed', describeError(error));
      throw new JobFailed(`${id} failed: see the log line of request ${invocation.requestId}`);
    } finally {
      invocation.release();
    }
    write('success', {});
  };
}
