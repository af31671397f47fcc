import { now } from '../lib/clock.ts';
import { env } from '../lib/env.ts';
import { Refused } from '../lib/errors.ts';
import { job } from '../lib/job.ts';
import { logLine } from '../lib/log.ts';
import { embeddedMetrics } from '../lib/metrics.ts';
import { certificateGauge, manageTokenGauge, secretGauge, watchedSecrets, type Gauge } from '../lib/watch.ts';

/** Reports the state of the secrets and the certificates, so that an alarm fires also when nothing calls and nothing runs. */
export const handler = job('watch', async (_event, _invocation, note) => {
  const readings = await Promise.allSettled([
    manageTokenGauge(),
    ...watchedSecrets.map(secretGauge),
    ...env.certificateTypes().map(certificateGauge),
  ]);
  for (const reading of readings) if (reading.status === 'fulfilled') report(reading.value);
  note({ gauges: readings.length });
  const failed = readings.filter(({ status }) => status === 'rejected').length;
  // What could not be read is missing from its gauge, which is an alarm of its own.
  if (failed > 0) throw new Refused(`${failed} of ${readings.length} gauges cannot be read`);
});

function report({ about, values }: Gauge): void {
  const dimensions = ['environment', ...Object.keys(about)];
  const metrics = Object.keys(values).map((name) => [name, name.endsWith('_s') ? 'Seconds' : 'Count'] as const);
  logLine({
    level: 'INFO',
    time: new Date(now()).toISOString(),
    environment: env.environment(),
    ...about,
    ...values,
    ...embeddedMetrics(now(), [dimensions], Object.fromEntries(metrics)),
  });
}
