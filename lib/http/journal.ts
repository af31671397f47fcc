import { now } from '../clock.ts';
import { env } from '../env.ts';
import { logLine } from '../log.ts';
import { embeddedMetrics, type Metrics } from '../metrics.ts';
import type { CallContext, Middleware } from './call.ts';

/**
 * One JSON line per call, the answer's request id in it. The line carries metrics of the environment, by operation and by outcome,
 * never by partner: a thousand partners would be thousands of metrics. Alarms look at the environment's, as they can add up ten at most.
 */
export const journal: Middleware = {
  after: ({ context, response }) => write(context, response?.statusCode ?? 500),
  onError: ({ context, response }) => write(context, response?.statusCode ?? 500),
};

let cold = true;

function write({ call, functionName, functionVersion }: CallContext, status: number): void {
  const { count, upstream_attempts, upstream_ms, ...known } = call.record;
  const counts = Object.fromEntries(count.map((name) => [name, 1]));
  const upstream: Metrics = upstream_attempts > 0 ? { upstream_ms: 'Milliseconds' } : {};
  logLine({
    level: status >= 500 ? 'ERROR' : 'INFO',
    time: new Date(call.startedAt).toISOString(),
    request_id: call.requestId,
    environment: env.environment(),
    operation: call.id,
    outcome: outcomeOf(status),
    status,
    ...known,
    duration_ms: now() - call.startedAt,
    upstream_attempts,
    upstream_ms,
    cold_start: cold,
    function: `${functionName}:${functionVersion}`,
    calls: 1,
    ...counts,
    ...embeddedMetrics(
      call.startedAt,
      [['environment'], ['environment', 'operation'], ['environment', 'operation', 'outcome']],
      {
        calls: 'Count',
        duration_ms: 'Milliseconds',
        ...upstream,
        ...Object.fromEntries(count.map((name) => [name, 'Count' as const])),
      },
    ),
  });
  cold = false;
}

function outcomeOf(status: number): string {
  if (status < 400) return 'success';
  return status < 500 ? 'refused' : 'failed';
}
