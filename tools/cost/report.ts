import { table } from '#cli/table.ts';
import { coldStarts, peak } from './assumptions.ts';
import { metricsOf } from './metrics.ts';
import type { Line, Usage } from './model.ts';
import { prices } from './prices.ts';

/** Returns the bill as text. */
export function report(
  name: string,
  certificateTypes: readonly string[],
  usage: Usage,
  lines: readonly Line[],
): string {
  const sum = lines.reduce((total, { cost }) => total + cost, 0);
  const fixed = lines.filter(({ item }) => isFixed.test(item)).reduce((total, { cost }) => total + cost, 0);
  const rows = lines.map(({ item, quantity, unit, cost }) => [item, amount(quantity).padStart(13), unit, usd(cost)]);
  const rare = metricsOf(certificateTypes).filter(({ usual }) => !usual).length;
  return `${name}: ${amount(usage.calls)} calls a month of ${amount(usage.partners)} partners

${table([['item', '     quantity', 'unit', '       USD'], ...rows, ['total, USD a month', '', '', usd(sum)]])}

${table([
  ['independent of calls', usd(fixed)],
  ['per million calls', usage.calls === 0 ? '-' : usd(((sum - fixed) / usage.calls) * 1_000_000)],
])}

Prices of ${prices.region}, ${prices.asOf}, without free tiers (tools/cost/prices.ts). Assumptions: Budgea takes ${amount(usage.upstreamMs)} ms for a
call, the table holds ${amount(usage.users)} users, ${coldStarts.share * 100} % of the calls are cold starts, and the warm containers suffice for ${peak} times the
average traffic (tools/cost/assumptions.ts). Up to ${rare} more metrics exist, and cost, only in hours with errors.
`;
}

const isFixed = /^(?:Secrets Manager, secrets|KMS, key|Metrics|Alarms|Dashboard|Scheduler)/;

const usd = (cost: number): string => cost.toFixed(2).padStart(10);

function amount(quantity: number): string {
  return quantity.toLocaleString('en', { maximumFractionDigits: quantity < 10 ? 3 : 0, useGrouping: true });
}
