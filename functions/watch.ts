import { now } from '#lib/clock.ts';
import { env } from '#lib/env.ts';
import { Refused } from '#lib/errors.ts';
import { explain } from '#lib/explain.ts';
import { job } from '#lib/job.ts';
import { logLine } from '#lib/log.ts';
import { metricsLog } from '#lib/metrics.ts';
import { gauges, type Gauge } from '#lib/watch.ts';

/** Reports the state of the secrets and the certificates, so that an alarm fires also when nothing calls and nothing runs. */
export const handler = job('watch', async (_event, _invocation, note) => {
  const reported = await Promise.all(gauges().map(report));
  note({ gauges: reported.length });
  const failed = reported.filter((isReported) => !isReported).length;
  if (failed > 0) throw new Refused(`${failed} of ${reported.length} gauges cannot be read`);
});

/** Writes one line; whether the gauge could be read. */
async function report({ name, about, read }: Gauge): Promise<boolean> {
  const line = { time: new Date(now()).toISOString(), environment: env.environment(), gauge: name, ...about };
  try {
    const values = await read();
    const metrics = Object.keys(values).map((value) => [value, value.endsWith('_s') ? 'Seconds' : 'Count'] as const);
    const dimensions = [['environment', ...Object.keys(about)]];
    metricsLog(dimensions, Object.fromEntries(metrics))(now(), { level: 'INFO', ...line, ...values });
    return true;
  } catch (error) {
    logLine({ level: 'ERROR', ...line, ...explain(error) });
    return false;
  }
}
