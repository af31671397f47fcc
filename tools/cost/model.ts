import type { EnvironmentSettings } from '#infra/settings.ts';
import { secretNames } from '#lib/config/names.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { operations, type Operation, type OperationId } from '#lib/operations/table.ts';
import { pages } from '#lib/operations/routes.ts';
import {
  coldStarts,
  compressed,
  itemBytes,
  memoryOfProcessor,
  otherLogBytes,
  peak,
  responseBytes,
  run,
  shares,
  tableMs,
  traced,
  useOf,
} from './assumptions.ts';
import { metricsOf } from './metrics.ts';
import { costOf, prices, type Tiers } from './prices.ts';

/** The use of an environment in a month. */
export interface Usage {
  calls: number;
  partners: number;
  /** Users in the table. */
  users: number;
  /** The response time of Budgea, in milliseconds. */
  upstreamMs: number;
}

/** One line of the bill, in USD. */
export interface Line {
  item: string;
  quantity: number;
  unit: string;
  cost: number;
}

/** A month in seconds; AWS counts 730 hours. */
const month = 730 * 3600;
/** The time for which a secret's value and a partner's record are cached, in seconds: see `lib/secrets.ts` and `lib/partners/cache.ts`. */
const secretSeconds = 300;
const partnerSeconds = 60;
const gigabyte = 1_000_000_000;

/** Estimates the monthly bill of an environment. */
export function modelOf(settings: EnvironmentSettings, usage: Usage): Line[] {
  const functions = functionsOf(settings, usage);
  const scheduled = runsOf(settings);
  const total = (of: (one: (typeof functions)[number]) => number) => functions.reduce((sum, one) => sum + of(one), 0);
  const secretCalls = total(({ secretReads }) => secretReads) + scheduled.secretCalls;
  const stored = usage.partners * itemBytes.partner + usage.users * itemBytes.user;
  const logGb = (total(({ logBytes }) => logBytes) + scheduled.runs * run.logBytes) / gigabyte;
  const provisioned = total(({ provisionedGb }) => provisionedGb) * month;
  const lines: (readonly [string, number, string, Tiers])[] = [
    ['API Gateway, requests', usage.calls, '', prices.apiRequest],
    ['API Gateway, responses', (usage.calls * responseBytes) / gigabyte, 'GB', prices.sentGb],
    ['Lambda, requests', usage.calls + scheduled.runs, '', prices.lambdaRequest],
    ['Lambda, duration', total(({ gbSeconds }) => gbSeconds) + scheduled.gbSeconds, 'GB·s', prices.lambdaGbSecond],
    ...(provisioned === 0 ? [] : [['Lambda, provisioned', provisioned, 'GB·s', prices.provisionedGbSecond] as const]),
    ['Secrets Manager, secrets', secretNames.length, '', prices.secret],
    ['Secrets Manager, calls', secretCalls, '', prices.secretCall],
    ['KMS, key', 1, '', prices.key],
    ['KMS, calls', secretCalls, '', prices.keyCall],
    ['Table, reads', total(({ tableReads }) => tableReads), '', prices.tableRead],
    ['Table, writes', total(({ tableWrites }) => tableWrites), '', prices.tableWrite],
    ['Table, storage', stored / gigabyte, 'GB', prices.tableGb],
    ['Table, recovery', stored / gigabyte, 'GB', prices.tableRecoveryGb],
    ['Logs, ingested', logGb, 'GB', prices.logGb],
    ['Logs, stored', ((logGb * settings.logRetentionDays) / 30) * compressed, 'GB', prices.logStoredGb],
    ['Metrics', metricsOf(settings.certificateTypes).filter(({ usual }) => usual).length, '', prices.metric],
    ['Alarms', alarmMetricsOf(settings), 'metrics', prices.alarmMetric],
    ['Dashboard', 1, '', prices.dashboard],
    ['X-Ray, traces', total(({ traces }) => traces) + scheduled.runs, '', prices.trace],
    ['Scheduler, runs', scheduled.byScheduler, '', prices.scheduledRun],
  ];
  return lines.map(([item, quantity, unit, tiers]) => ({ item, quantity, unit, cost: costOf(quantity, tiers) }));
}

/** The use of one operation's function in a month. */
export interface FunctionUse {
  id: OperationId;
  calls: number;
  /** Of a warm call, in milliseconds. */
  durationMs: number;
  /** Warm containers. */
  containers: number;
  gbSeconds: number;
  provisionedGb: number;
  secretReads: number;
  tableReads: number;
  tableWrites: number;
  logBytes: number;
  traces: number;
}

/** Returns the use of each operation's function in a month. */
export function functionsOf(settings: EnvironmentSettings, { calls: all, partners, upstreamMs }: Usage): FunctionUse[] {
  const rows = Object.entries(operations) as [OperationId, Operation][]; // Object.entries widens the keys.
  return rows.map(([id, { needs }]) => {
    const { processorMs, logBytes, reads, writes, upstream } = useOf(id);
    const memory = settings.functions[id]?.memory ?? settings.memory;
    const calls = (all * (shares[id] ?? 0)) / 100;
    const durationMs =
      processorMs * Math.max(1, memoryOfProcessor / memory) + upstream * upstreamMs + (reads + writes) * tableMs;
    const containers = calls === 0 ? 0 : Math.max(1, Math.ceil((calls / month) * (durationMs / 1000) * peak));
    const seconds = (calls * (durationMs + coldStarts.share * coldStarts.durationMs)) / 1000;
    const inFirstSecond = Math.min(calls, traced.perSecond * month);
    return {
      id,
      calls,
      durationMs,
      containers,
      gbSeconds: seconds * (memory / 1024),
      provisionedGb: ((settings.functions[id]?.provisionedConcurrency ?? 0) * memory) / 1024,
      secretReads: needs.secrets.length * Math.min(calls, containers * (month / secretSeconds)),
      tableReads:
        calls * reads +
        (needs.items.PARTNER === undefined ? 0 : Math.min(calls, containers * partners * (month / partnerSeconds))),
      // A user's item is written to the owner index too; each container records a key's use once a day.
      tableWrites:
        2 * calls * writes +
        (needs.items.KEY_USE === undefined ? 0 : Math.min(calls, containers * partners * (month / 86_400))),
      logBytes: calls * (logBytes + otherLogBytes.lambda + otherLogBytes.accessLog),
      traces: inFirstSecond + (calls - inFirstSecond) * traced.share,
    };
  });
}

/** The use of the scheduled functions in a month; a rotation is four invocations. */
function runsOf({
  memory,
  rotateManageTokenHours,
  rotateSealingKeysDays,
  fetchCertificatesHours,
}: EnvironmentSettings) {
  const watched = month / 300;
  const fetched = month / (fetchCertificatesHours * 3600);
  const rotations = month / (rotateManageTokenHours * 3600) + month / (rotateSealingKeysDays * 86_400);
  const runs = watched + fetched + 4 * rotations;
  return {
    runs,
    byScheduler: watched + fetched,
    gbSeconds: (runs * run.durationMs * (memory / 1024)) / 1000,
    // `watch` lists each secret's versions and reads one value; the steps of a rotation describe, read, write and promote.
    secretCalls: watched * (jobs.watch.describes.length + 2) + fetched + 10 * rotations,
  };
}

/** Returns the number of metrics in the alarms of `infra/constructs/alarms.ts`. */
export function alarmMetricsOf({ certificateTypes, apiPage }: EnvironmentSettings): number {
  const pageFunctions = apiPage ? Object.keys(pages).length : 0;
  const functions = Object.keys(operations).length + Object.keys(jobs).length + pageFunctions;
  // The share of failing calls has two metrics; then slow and throttled calls, and four counters.
  const fixed = 2 + 2 + 4;
  const rotated = Object.values(jobs).filter((job) => 'rotates' in job).length;
  const queues = 2;
  return fixed + functions + Object.keys(jobs).length + rotated + 1 + certificateTypes.length + queues;
}
