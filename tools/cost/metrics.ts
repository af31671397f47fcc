import { secretNames } from '#lib/config/names.ts';
import type { CountedEvent } from '#lib/operations/call.ts';
import { jobs } from '#lib/operations/jobs.ts';
import { operations, type ItemCall, type Operation } from '#lib/operations/table.ts';

/** A metric as CloudWatch counts and charges it: a name with the values of its dimensions. */
export interface Metric {
  /** For example `calls environment operation=auth_init_post`; the environment's name is left out. */
  metric: string;
  /** Whether it exists in every hour, or only in hours with errors. */
  usual: boolean;
}

/** Returns every metric of the gateway itself, for an environment with these certificate types. */
export function metricsOf(certificateTypes: readonly string[]): Metric[] {
  return [...ofCalls(), ...ofRuns(), ...ofGauges(certificateTypes), ...ofCertificates(certificateTypes)];
}

function ofCalls(): Metric[] {
  const rows = Object.entries<Operation>(operations);
  const always = rows.flatMap(([id, row]) => measuresOf(row).flatMap((name) => ofCall(name, id, true)));
  const counted = rows.flatMap(([id, row]) => countsOf(row).flatMap((name) => ofCall(name, id, false)));
  return distinct([...counted, ...always, rare('ThrottledCalls')]);
}

/** The measures in each call's log line; the callback makes no call to Budgea. */
function measuresOf({ path }: Operation): string[] {
  const own = ['calls', 'duration_ms'];
  return path === operations.webauth_callback_get.path ? own : [...own, 'upstream_ms'];
}

/** The errors that a call's log line can count. */
function countsOf({ needs: { secrets, items } }: Operation): CountedEvent[] {
  const user: readonly ItemCall[] = items.USER ?? [];
  const counts: [CountedEvent, boolean][] = [
    ['CredentialRejected', secrets.some((secret) => secret !== 'sealing-keys')],
    ['OwnershipConflict', user.includes('put')],
    ['UndoFailed', user.includes('put')],
    ['OwnershipLeft', user.includes('delete')],
    ['OwnershipNotExtended', user.includes('update')],
    ['UnexpectedUser', user.length > 0],
    ['UnusableToken', user.includes('put')],
    ['CertificateNotKept', items.CERTIFICATE !== undefined],
    ['CertificateDateIgnored', items.CERTIFICATE !== undefined],
  ];
  return counts.filter(([, isCounted]) => isCounted).map(([name]) => name);
}

/** The access log records each measure by environment, by operation and by the operation's outcome. */
function ofCall(name: string, id: string, isUsual: boolean): Metric[] {
  const operation = `operation=${id}`;
  const outcomes = ['success', 'refused', 'failed'].map((outcome) => [operation, `outcome=${outcome}`]);
  return [[], [operation], ...outcomes].map((set) => ({
    metric: named([name, ...set]),
    usual: isUsual && !set.includes('outcome=failed'),
  }));
}

function ofRuns(): Metric[] {
  const runs = Object.keys(jobs).flatMap((job) => [
    usual('runs'),
    usual('runs', `job=${job}`, 'outcome=success'),
    rare('runs', `job=${job}`, 'outcome=failed'),
    rare('CredentialRejected', `job=${job}`, 'outcome=failed'),
  ]);
  const dates = ['success', 'failed'].map((outcome) =>
    rare('CertificateDateIgnored', 'job=fetch_certificates', `outcome=${outcome}`),
  );
  return distinct([...runs, ...dates]);
}

function ofGauges(certificateTypes: readonly string[]): Metric[] {
  return [
    usual('manage_token_life_s'),
    ...secretNames.flatMap((secret) => [
      usual('secret_age_s', `secret=${secret}`),
      usual('secret_pending', `secret=${secret}`),
    ]),
    ...certificateTypes.map((type) => usual('certificate_age_s', `certificate_type=${type}`)),
  ];
}

function ofCertificates(certificateTypes: readonly string[]): Metric[] {
  return certificateTypes.flatMap((type) => [
    usual('certificate_checks', `certificate_type=${type}`, 'outcome=unchanged'),
    ...['changed', 'older', 'raced', 'failed'].map((outcome) =>
      rare('certificate_checks', `certificate_type=${type}`, `outcome=${outcome}`),
    ),
  ]);
}

const usual = (...parts: string[]): Metric => ({ metric: named(parts), usual: true });
const rare = (...parts: string[]): Metric => ({ metric: named(parts), usual: false });

function named([name = '', ...dimensions]: readonly string[]): string {
  return [name, 'environment', ...dimensions].join(' ');
}

function distinct(metrics: readonly Metric[]): Metric[] {
  return [...new Map(metrics.map((one) => [one.metric, one])).values()];
}
