import { now } from '../clock.ts';
import { env } from '../env.ts';
import { logLine } from '../log.ts';
import type { CallContext, Middleware } from './call.ts';

/**
 * One JSON line per call, the answer's request id in it. The line is CloudWatch's embedded metric format as well: metrics by operation and
 * outcome, never by partner. Source: CloudWatch, "Embedded metric format specification".
 */
export const journal: Middleware = {
  after: ({ context, response }) => write(context, response?.statusCode ?? 500),
  onError: ({ context, response }) => write(context, response?.statusCode ?? 500),
};

let cold = true;

function write({ call, functionName, functionVersion }: CallContext, status: number): void {
  const { count, upstream_attempts, upstream_ms, ...known } = call.record;
  const counts = Object.fromEntries(count.map((name) => [name, 1]));
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
    _aws: {
      Timestamp: call.startedAt,
      CloudWatchMetrics: [
        {
          Namespace: 'BudgeaAuthGateway',
          Dimensions: [
            ['environment', 'operation'],
            ['environment', 'operation', 'outcome'],
          ],
          Metrics: [
            { Name: 'calls', Unit: 'Count' },
            { Name: 'duration_ms', Unit: 'Milliseconds' },
            ...(upstream_attempts > 0 ? [{ Name: 'upstream_ms', Unit: 'Milliseconds' }] : []),
            ...Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
          ],
        },
      ],
    },
  });
  cold = false;
}

function outcomeOf(status: number): string {
  if (status < 400) return 'success';
  return status < 500 ? 'refused' : 'failed';
}
