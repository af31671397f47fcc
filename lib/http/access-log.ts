import { now } from '../clock.ts';
import { env } from '../config/env.ts';
import { fillObject, type LogMetrics, type Metrics, metricsLog } from '../observability/log.ts';
import type { CountedEvent } from '../operations/call.ts';
import type { CallContext, Middleware } from './middleware.ts';

/**
 * One JSON line per call, the answer's request id in it. The line carries metrics of the environment, by operation and by outcome,
 * never by partner: a thousand partners would be thousands of metrics. Alarms look at the environment's, as they can add up ten at most.
 */
export const accessLog: Middleware = {
  after: ({ context, response }) => write(context, response?.statusCode ?? 500),
  onError: ({ context, response }) => write(context, response?.statusCode ?? 500),
};

let cold = true;

const dimensions = [['environment'], ['environment', 'operation'], ['environment', 'operation', 'outcome']];
const metrics: Metrics = { calls: 'Count', duration_ms: 'Milliseconds' };
const withUpstream: Metrics = { ...metrics, upstream_ms: 'Milliseconds' };
const log = { alone: metricsLog(dimensions, metrics), withUpstream: metricsLog(dimensions, withUpstream) };

function write({ call, functionName, functionVersion }: CallContext, status: number): void {
  const { count, upstream_attempts, upstream_ms, ...known } = call.log;
  logOf(upstream_attempts, count)(call.startedAt, {
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
    ...fillObject(1, count),
  });
  cold = false;
}

/** Nearly no call counts anything. */
function logOf(attempts: number, count: readonly CountedEvent[]): LogMetrics {
  const asked = attempts > 0;
  if (count.length === 0) return asked ? log.withUpstream : log.alone;
  return metricsLog(dimensions, { ...(asked ? withUpstream : metrics), ...fillObject('Count', count) });
}

function outcomeOf(status: number): string {
  if (status < 400) return 'success';
  return status < 500 ? 'refused' : 'failed';
}
