import { table } from '#cli/table.ts';
import { coldStarts, peak } from './assumptions.ts';
import { metricsOf } from './metrics.ts';
import type { Line, Usage } from './model.ts';
import { prices } from './prices.ts';

/** The bill as a text. */
export function report(
  name: string,
  certificateTypes: readonly string[],
  usage: Usage,
  lines: readonly Line[],
): string {
  const sum = lines.reduce((all, { cost }) => all + cost, 0);
  const fixed = lines.filter(({ item }) => isFixed.test(item)).reduce((all, { cost }) => all + cost, 0);
  const rows = lines.map(({ item, quantity, unit, cost }) => [item, amount(quantity), unit, usd(cost)]);
  const rare = metricsOf(certificateTypes).filter(({ usual }) => !usual).length;
  return `${name}: ${amount(usage.calls)} calls a month of ${amount(usage.partners)} partners

${table([...rows, ['total, USD a month', '', '', usd(sum)]], { right: [1, 3] })}

${table([
  ['fixed, whatever the calls', usd(fixed)],
  ['each million calls more', usage.calls === 0 ? '-' : usd(((sum - fixed) / usage.calls) * 1_000_000)],
])}

Prices of ${prices.region}, ${prices.asOf}, free tiers left out (tools/cost/prices.ts). Reckoned with ${amount(usage.upstreamMs)} ms that Budgea takes for
a call, ${amount(usage.users)} users in the table, ${coldStarts.share * 100} % cold starts and containers for ${peak} times the average (tools/cost/assumptions.ts). Metrics that
are there only in hours of trouble, ${rare} at most, are charged for those hours.
`;
}

const isFixed = /^(?:Secrets Manager, secrets|KMS, key|Metrics|Alarms|Dashboard|Scheduler)/;

const usd = (cost: number): string => cost.toFixed(2);

function amount(quantity: number): string {
  return quantity.toLocaleString('en', { maximumFractionDigits: quantity < 10 ? 3 : 0, useGrouping: true });
}
