/** Prices of a unit, each up to a number of units in a month. */
export type Tiers = readonly (readonly [upTo: number, price: number])[];

const million = 1_000_000;
const billion = 1_000_000_000;
const terabyte = 1_000;

/**
 * The public prices of AWS in USD, without tax and free tiers. Most other regions are more expensive; for another region, replace the numbers
 * and `region`.
 */
export const prices = {
  region: 'us-east-1',
  asOf: '2025-08-01',
  /** HTTP API, each request of up to 512 KB. Source: aws.amazon.com/api-gateway/pricing */
  apiRequest: [
    [300 * million, 1 / million],
    [Infinity, 0.9 / million],
  ],
  /** Source: aws.amazon.com/lambda/pricing, Arm; the initialisation of a cold start is charged since August 2025. */
  lambdaRequest: [[Infinity, 0.2 / million]],
  lambdaGbSecond: [
    [7.5 * billion, 0.0000133334],
    [18.75 * billion, 0.0000120001],
    [Infinity, 0.0000106667],
  ],
  provisionedGbSecond: [[Infinity, 0.0000033334]],
  /** Source: aws.amazon.com/secrets-manager/pricing */
  secret: [[Infinity, 0.4]],
  secretCall: [[Infinity, 0.05 / 10_000]],
  /** Source: aws.amazon.com/kms/pricing */
  key: [[Infinity, 1]],
  keyCall: [[Infinity, 0.03 / 10_000]],
  /** On demand; a strongly consistent read of up to 4 KB, a write of up to 1 KB. Source: aws.amazon.com/dynamodb/pricing/on-demand */
  tableRead: [[Infinity, 0.125 / million]],
  tableWrite: [[Infinity, 0.625 / million]],
  tableGb: [[Infinity, 0.25]],
  tableRecoveryGb: [[Infinity, 0.2]],
  /** Logs of Lambda and API Gateway. Source: aws.amazon.com/cloudwatch/pricing */
  logGb: [
    [10 * terabyte, 0.5],
    [30 * terabyte, 0.25],
    [50 * terabyte, 0.1],
    [Infinity, 0.05],
  ],
  logStoredGb: [[Infinity, 0.03]],
  metric: [
    [10_000, 0.3],
    [250_000, 0.1],
    [1_000_000, 0.05],
    [Infinity, 0.02],
  ],
  /** Each metric of an alarm. */
  alarmMetric: [[Infinity, 0.1]],
  dashboard: [[Infinity, 3]],
  /** Source: aws.amazon.com/xray/pricing */
  trace: [[Infinity, 5 / million]],
  /** Source: aws.amazon.com/eventbridge/pricing */
  scheduledRun: [[Infinity, 1 / million]],
  /** To the internet. Source: aws.amazon.com/ec2/pricing/on-demand */
  sentGb: [
    [10 * terabyte, 0.09],
    [50 * terabyte, 0.085],
    [150 * terabyte, 0.07],
    [Infinity, 0.05],
  ],
} as const satisfies Record<string, string | Tiers>;

/** Returns the cost of a quantity. */
export function costOf(quantity: number, tiers: Tiers): number {
  let [cost, below] = [0, 0];
  for (const [upTo, price] of tiers) {
    cost += Math.max(0, Math.min(quantity, upTo) - below) * price;
    below = upTo;
  }
  return cost;
}
