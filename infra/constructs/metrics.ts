import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { namespace } from '#lib/observability/log.ts';

const period = Duration.minutes(5);

/** A number of the gateway's own log lines, with the dimensions that the lines name. */
export function gatewayMetric(
  metricName: string,
  dimensions: Readonly<Record<string, string>>,
  { statistic = 'Sum', label }: { statistic?: string; label?: string } = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace,
    metricName,
    dimensionsMap: { ...dimensions },
    statistic,
    period,
    ...(label !== undefined && { label }),
  });
}

/** A metric of API Gateway about one HTTP API. */
export function apiMetric(apiId: string, metricName: string, statistic = 'Sum'): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/ApiGateway',
    metricName,
    dimensionsMap: { ApiId: apiId },
    statistic,
    period,
  });
}
