import { now } from '#lib/clock.ts';
import { env } from '#lib/config/env.ts';
import { JobError } from '#lib/errors.ts';
import { describeError } from '#lib/observability/describe-error.ts';
import { job } from '#lib/jobs/job.ts';
import { logLine, metricsLog } from '#lib/observability/log.ts';
import { type Gauge, gauges } from '#lib/jobs/watch.ts';

/** Reports the state of the secrets and the certificates, so that alarms also fire when there are no calls and no jobs. */
export const handler = job('watch', async (_event, _invocation, note) => {
  const reported = await Promise.all(gauges().map(report));
  note({ gauges: reported.length });
  const failed = reported.filter((isReported) => !isReported).length;
  if (failed > 0) throw new JobError(`${failed} of ${reported.length} gauges cannot be read`);
});

/** Writes one log line. Returns whether the gauge could be read. */
async function report({ name, about, read }: Gauge): Promise<boolean> {
  const line = { time: new Date(now()).toISOString(), environment: env.environment(), gauge: name, ...about };
  try {
    const values = await read();
    const metrics = Object.keys(values).map((value) => [value, value.endsWith('_s') ? 'Seconds' : 'Count'] as const);
    const dimensions = [['environment', ...Object.keys(about)]];
    metricsLog(dimensions, Object.fromEntries(metrics))(now(), { level: 'INFO', ...line, ...values });
    return true;
  } catch (error) {
    logLine({ level: 'ERROR', ...line, ...describeError(error) });
    return false;
  }
}
