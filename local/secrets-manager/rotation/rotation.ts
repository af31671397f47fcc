import * as v from 'valibot';
import { invalidParameter } from '../errors.ts';

/** The rotation of a secret: its configuration and progress. Times are epoch milliseconds. */
export interface Rotation {
  functionArn: string;
  enabled: boolean;
  rules?: RotationRules;
  /** The start of the interval to the next rotation: the configuration, or the end of the last rotation, successful or not. */
  countsFrom: number;
  lastRotatedAt?: number;
  /** Stored, so that a rotation continues after a crash. */
  underway?: Underway;
}

/** A rotation that has started: the version that it creates, and whether it is the test of a new configuration. */
export interface Underway {
  token: string;
  kind: 'rotation' | 'trial';
}

const HOUR = 3_600_000;
const UNITS = { hour: HOUR, day: 24 * HOUR };

/** The schedule of a rotation: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html */
export const RotationRules = v.object({
  AutomaticallyAfterDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))),
  Duration: v.optional(v.pipe(v.string(), v.regex(/^[0-9]{1,2}h$/))),
  ScheduleExpression: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256))),
});
type RotationRules = v.InferOutput<typeof RotationRules>;

/** Returns the time between two rotations in milliseconds, if there is a schedule. Throws InvalidParameterException. */
export function intervalOf(rules: RotationRules | undefined): number | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression } = rules ?? {};
  if (days !== undefined && expression !== undefined) {
    throw invalidParameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression.");
  }
  const interval = days === undefined ? rate(expression) : days * UNITS.day;
  if (interval !== undefined && interval < 4 * HOUR) {
    throw invalidParameter('A secret can be rotated every 4 hours at most.');
  }
  return interval;
}

/** Throws InvalidParameterException for rules that the service rejects. */
export function checkRules(rules: RotationRules): void {
  const interval = intervalOf(rules);
  if (rules.Duration === undefined) return;
  const hours = Number.parseInt(rules.Duration, 10);
  if (hours < 1 || hours > 24 || hours * HOUR > (interval ?? Infinity)) {
    throw invalidParameter('The rotation window must neither be longer than a day nor extend into the next one.');
  }
}

/** Only rates: a `cron` schedule has no use on a developer's machine. */
function rate(expression: string | undefined): number | undefined {
  if (expression === undefined) return undefined;
  const [, count, unit] = /^rate\(([1-9]\d{0,2}) (hour|day)s?\)$/.exec(expression) ?? [];
  if (unit !== 'hour' && unit !== 'day') {
    throw invalidParameter('The ScheduleExpression is not valid: this server supports rate(n hours) and rate(n days).');
  }
  return Number(count) * UNITS[unit];
}
