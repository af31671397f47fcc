import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestOf, send } from '#tools/calls.ts';
import { measured, shares } from '#tools/cost/assumptions.ts';
import { metricsOf } from '#tools/cost/metrics.ts';
import { functionsOf, modelOf, type Usage } from '#tools/cost/model.ts';
import { costOf, prices } from '#tools/cost/prices.ts';
import { report } from '#tools/cost/report.ts';
import { exampleContext, operationIds, typicalCall } from '#tools/openapi/examples.ts';
import { environments } from '#infra/environments.ts';
import { runJob } from '#local/jobs.ts';
import { startGateway, type Gateway } from './gateway.ts';

const usage: Usage = { calls: 5_000_000, partners: 40, users: 100_000, upstreamMs: 300 };

/** The output of the command, on either stream. */
function run(...args: string[]): Promise<string> {
  return promisify(execFile)(process.execPath, ['tools/cost/run.ts', ...args]).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

describe('the bill', () => {
  const lines = modelOf(environments.dev, usage);
  const line = (item: string) => lines.find((one) => one.item === item);

  test('has a line for each charge, and the total of all', () => {
    const text = report('dev', environments.dev.certificateTypes, usage, lines);
    for (const { item, cost } of lines) {
      expect(text).toMatch(new RegExp(`^${item} .* ${cost.toFixed(2)}$`, 'm'));
      expect(cost).toBeGreaterThan(0);
    }
    const total = lines.reduce((sum, { cost }) => sum + cost, 0);
    expect(text).toMatch(new RegExp(`^total, USD a month +${total.toFixed(2)}$`, 'm'));
    expect(text).toContain(`Prices of ${prices.region}, ${prices.asOf}`);
  });

  test('applies the prices', () => {
    expect(line('API Gateway, requests')?.cost).toBeCloseTo(5);
    expect(line('Secrets Manager, secrets')).toMatchObject({ quantity: 4, cost: 1.6 });
    expect(line('X-Ray, traces')?.cost).toBeCloseTo(25, 0);
  });

  test('has only the fixed costs without calls', () => {
    const idle = modelOf(environments.dev, { ...usage, calls: 0 });
    const total = idle.reduce((sum, { cost }) => sum + cost, 0);
    expect(total).toBeGreaterThan(40);
    expect(total).toBeLessThan(60);
    expect(idle.find(({ item }) => item === 'API Gateway, requests')?.cost).toBe(0);
  });

  test('depends on the settings', () => {
    const warm = { ...environments.dev, functions: { auth_jwt_post: { provisionedConcurrency: 2, memory: 1024 } } };
    expect(modelOf(warm, usage).find(({ item }) => item === 'Lambda, provisioned')?.cost).toBeCloseTo(17.5, 0);
    const containers = (upstreamMs: number) =>
      functionsOf(environments.dev, { ...usage, calls: 1e9, upstreamMs }).reduce((sum, one) => sum + one.containers, 0);
    expect(containers(600) / containers(300)).toBeGreaterThan(1.8);
  });

  test('applies the tiers of a price', () => {
    const tiers = [
      [10, 2],
      [20, 1],
      [Infinity, 0.5],
    ] as const;
    expect([5, 10, 15, 30].map((quantity) => costOf(quantity, tiers))).toEqual([10, 20, 25, 35]);
  });

  test('the shares of the operations add up to 100 %', () => {
    expect(Object.values(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(100);
  });
});

describe('the command line', () => {
  test('prints the bill, or JSON, or the error in its arguments', async () => {
    const dev = ['dev', '--calls', '5M', '--partners', '40'];
    const [text, json, unknown, invalid] = await Promise.all([
      run(...dev),
      run(...dev, '--json'),
      run('unknown', '--calls', '5M', '--partners', '40'),
      run('dev', '--calls', '5X', '--partners', '40'),
    ]);
    expect(text).toMatch(/^dev: 5,000,000 calls a month of 40 partners$/m);
    expect(JSON.parse(json)).toMatchObject({ environment: 'dev', currency: 'USD', calls: 5_000_000, partners: 40 });
    expect(unknown).toContain('Allowed choices are dev, staging, prod');
    expect(invalid).toContain('Use a number such as 40, 200k, 5M or 1.5B.');
  });
});

describe('the measured calls', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  interface Embedded {
    _aws: { CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  }

  /** The metrics of a line, in the model's notation. */
  function metricsIn(line: Record<string, unknown>): string[] {
    const { _aws } = line as unknown as Embedded;
    return _aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
      Metrics.flatMap(({ Name }) =>
        Dimensions.map((set) =>
          [Name, ...set.map((each) => (each === 'environment' ? each : `${each}=${String(line[each])}`))].join(' '),
        ),
      ),
    );
  }

  test('have the assumed log lines and upstream calls, and only metrics of the model', async () => {
    await runJob('fetch-certificates');
    await runJob('watch');
    const metrics = gateway.logs().flatMap(metricsIn);
    const { file } = gateway;
    const certificateType = file.certificate_types[0] ?? '';
    const context = exampleContext({ ...file, certificateType }, `${file.gateway}/webauth/callback`, (call) =>
      send(file.gateway, call),
    );
    for (const id of operationIds) {
      const { method, path, queryString, ...request } = requestOf(await typicalCall(id, context));
      gateway.logs();
      const { status } = await gateway.call.handler(method, `${path}?${queryString}`, {
        ...request,
        headers: { ...request.headers },
      });
      expect([id, status < 400]).toEqual([id, true]);
      const [line = {}] = gateway.logs();
      metrics.push(...metricsIn(line));
      const use = measured[id];
      if (use === undefined) continue;
      expect([id, line['upstream_attempts']]).toEqual([id, use.upstream]);
      expect(Math.abs(JSON.stringify(line).length / use.logBytes - 1)).toBeLessThan(0.15);
    }
    const modelled = metricsOf(file.certificate_types).map(({ metric }) => metric);
    expect(metrics.filter((metric) => !modelled.includes(metric))).toEqual([]);
    expect(new Set(modelled).size).toBe(modelled.length);
  });
});
