import type { Context } from 'aws-lambda';
import { now } from './clock.ts';
import { env } from './env.ts';
import { explain, type Explanation } from './explain.ts';
import type { Invocation } from './http/call.ts';
import { invocationOf } from './http/invocation.ts';
import type { JobId } from './jobs.ts';
import { eachAs, metricsLog } from './metrics.ts';

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
    const invocation = invocationOf(context, false);
    let noted: JobFacts = {};
    const write = (outcome: 'success' | 'failed', explanation: Explanation) => {
      const { count } = invocation.record;
      // What is counted alarms for the whole environment, whoever counted it.
      const dimensions = [['environment'], ['environment', 'job', 'outcome']];
      metricsLog(dimensions, { runs: 'Count', ...eachAs('Count', count) })(startedAt, {
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
        ...eachAs(1, count),
      });
    };
    try {
      await run(event, invocation, (facts) => (noted = { ...noted, ...facts }));
    } catch (error) {
      write('failed', explain(error));
      throw new JobFailed(`${id} failed: see the log line of request ${invocation.requestId}`);
    } finally {
      invocation.release();
    }
    write('success', {});
  };
}
