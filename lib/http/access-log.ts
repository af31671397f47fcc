import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { fillObject, type LogMetrics, type Metrics, metricsLog } from '../observability/log.ts';
import type { CountedEvent } from '../operations/call.ts';
import type { CallContext, Middleware } from './middleware.ts';

/**
 * Writes one JSON line per call, with the request id of the response. The line carries metrics by environment, operation and outcome, but not
 * by partner: a thousand partners would create thousands of metrics. Alarms use the metrics of the environment, as an alarm adds up ten at most.
 */
export const accessLog: Middleware = {
  after: ({ context, response }) => write(context, response?.statusCode ?? 500),
  onError: ({ context, response }) => write(context, response?.statusCode ?? 500),
};

let cold = true;

const dimensions = [['environment'], ['environment', 'operation'], ['environment', 'operation', 'outcome']];
const metrics: Metrics = { calls: 'Count', duration_ms: 'Milliseconds' };
const withUpstream: Metrics = { ...metrics, upstream_ms: 'Milliseconds' };
const logs = { withoutUpstream: metricsLog(dimensions, metrics), withUpstream: metricsLog(dimensions, withUpstream) };

function write({ call, functionName, functionVersion }: CallContext, status: number): void {
  const { count, upstream_attempts, upstream_ms, ...fields } = call.log;
  logFor(upstream_attempts, count)(call.startedAt, {
    level: status >= 500 ? 'ERROR' : 'INFO',
    time: new Date(call.startedAt).toISOString(),
    request_id: call.requestId,
    environment: env.environment(),
    operation: call.id,
    outcome: outcomeOf(status),
    status,
    ...fields,
    duration_ms: now() - call.startedAt,
    upstream_attempts,
    upstream_ms,
    cold_start: cold,
    function: `${functionName}:${functionVersion}`,
    calls: 1,
    ...fillObject(1, count),
  });
  cold = false;
}

/** Returns a prepared log for calls that count no event, which are nearly all. */
function logFor(attempts: number, count: readonly CountedEvent[]): LogMetrics {
  const calledUpstream = attempts > 0;
  if (count.length === 0) return calledUpstream ? logs.withUpstream : logs.withoutUpstream;
  return metricsLog(dimensions, { ...(calledUpstream ? withUpstream : metrics), ...fillObject('Count', count) });
}

function outcomeOf(status: number): string {
  if (status < 400) return 'success';
  return status < 500 ? 'refused' : 'failed';
}
