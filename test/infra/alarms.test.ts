import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { alarmMetricsOf } from '#tools/cost/model.ts';
import { resourceName } from '#infra/names.ts';
import { synthesizeAll } from './synthesized.ts';

const environments = synthesizeAll();
const headings = readFileSync('docs/runbook.md', 'utf8').match(/^## .*$/gm) ?? [];
const entries = headings.flatMap((heading) => [...heading.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

/** Entries about several alarms have a word in angle brackets in their names. */
const names = (entry: string) => new RegExp(`^${entry.replaceAll(/<\w+>/g, '[a-z0-9_-]+')}$`);

const alarms = environments.flatMap(({ name, all }) =>
  all('AWS::CloudWatch::Alarm').map(({ Properties }) =>
    String(Properties['AlarmName']).slice(resourceName(name, '').length),
  ),
);

test.each([...new Set(alarms)])('%s has one entry in the runbook', (alarm) => {
  expect(entries.filter((entry) => names(entry).test(alarm))).toHaveLength(1);
});

test.each(entries)('the runbook’s entry %s is about an alarm that there is', (entry) => {
  expect(alarms.some((alarm) => names(entry).test(alarm))).toBe(true);
});

test.each(environments)(
  'the alarms of $name look at as many metrics as their cost is reckoned with',
  ({ all, settings }) => {
    const metrics = all('AWS::CloudWatch::Alarm').map(({ Properties: { Metrics = [{ MetricStat: {} }] } }) =>
      // An expression is no metric, what it is made of is.
      (Metrics as { MetricStat?: object }[]).filter(({ MetricStat }) => MetricStat !== undefined),
    );
    expect(metrics.flat()).toHaveLength(alarmMetricsOf(settings));
  },
);
