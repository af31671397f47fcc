import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { namespace } from '#lib/observability/log.ts';

/** The period of alarms and graphs. */
export const period = Duration.minutes(5);

/** Returns a metric of the gateway's log lines, a sum by default. */
export function gatewayMetric(
  metricName: string,
  dimensionsMap: Record<string, string>,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({ namespace, metricName, dimensionsMap, statistic: 'Sum', period, ...options });
}

/** Returns a metric of API Gateway for an HTTP API. */
export function apiMetric(ApiId: string, metricName: string, statistic = 'Sum'): cloudwatch.Metric {
  const dimensionsMap = { ApiId };
  return new cloudwatch.Metric({ namespace: 'AWS/ApiGateway', metricName, dimensionsMap, statistic, period });
}
