import { pairs } from '#cli/table.ts';
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
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const list = rows.map(([item = '', quantity = '', unit = '', cost = '']) =>
    [
      item.padEnd(widths[0] ?? 0),
      quantity.padStart(widths[1] ?? 0),
      unit.padEnd(widths[2] ?? 0),
      cost.padStart(widths[3] ?? 0),
    ].join('  '),
  );
  const rare = metricsOf(certificateTypes).filter(({ usual }) => !usual).length;
  const width = Math.max(...list.map((line) => line.length));
  return `${name}: ${amount(usage.calls)} calls a month of ${amount(usage.partners)} partners

${list.join('\n')}
${'total, USD a month'.padEnd(width - usd(sum).length)}${usd(sum)}

${pairs([
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
