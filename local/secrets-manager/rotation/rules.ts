import * as v from 'valibot';
import { ServiceError } from '../errors.ts';

const HOUR = 3_600_000;
const UNITS = { hour: HOUR, day: 24 * HOUR };

/** When a secret is rotated: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html */
export const RotationRules = v.object({
  AutomaticallyAfterDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))),
  Duration: v.optional(v.pipe(v.string(), v.regex(/^[0-9]{1,2}h$/))),
  ScheduleExpression: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256))),
});
/** A secret's rotation rules, in the service's own spelling. */
export type RotationRules = v.InferOutput<typeof RotationRules>;

/** The time between two rotations in milliseconds, if there is a schedule. Throws InvalidParameterException. */
export function intervalOf(rules: RotationRules | undefined): number | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression } = rules ?? {};
  if (days !== undefined && expression !== undefined) {
    throw invalid("You can't specify both AutomaticallyAfterDays and ScheduleExpression.");
  }
  const interval = days === undefined ? rate(expression) : days * UNITS.day;
  if (interval !== undefined && interval < 4 * HOUR) throw invalid('A secret can be rotated every 4 hours at most.');
  return interval;
}

/** Throws InvalidParameterException for rules that the service would refuse. */
export function checkRules(rules: RotationRules): void {
  const interval = intervalOf(rules);
  if (rules.Duration === undefined) return;
  const hours = Number.parseInt(rules.Duration, 10);
  if (hours < 1 || hours > 24 || hours * HOUR > (interval ?? Infinity)) {
    throw invalid('The rotation window must neither be longer than a day nor extend into the next one.');
  }
}

/** Rates alone: a calendar's schedule (`cron`) makes little sense on one developer's machine. */
function rate(expression: string | undefined): number | undefined {
  if (expression === undefined) return undefined;
  const [, count, unit] = /^rate\(([1-9]\d{0,2}) (hour|day)s?\)$/.exec(expression) ?? [];
  if (unit !== 'hour' && unit !== 'day') {
    throw invalid('The ScheduleExpression is not valid: this server knows rate(n hours) and rate(n days).');
  }
  return Number(count) * UNITS[unit];
}

const invalid = (message: string) => new ServiceError('InvalidParameterException', message);
