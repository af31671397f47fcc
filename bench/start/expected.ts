import { functionName, operations, type Operation } from '../../lib/operations.ts';
import type { Bundle } from '../../infra/bundle.ts';

/** What may be expected of a function's start. */
export interface Expected {
  /** Whether it must load no AWS client. */
  withoutAws: boolean;
  /** The time that it should take at most, as a multiple of an empty module's. */
  goal: number;
}

const rows: [string, Operation][] = Object.entries(operations);
const withoutAws = new Set(
  rows
    .filter(([, { needs }]) => needs.secrets.length === 0 && Object.keys(needs.items).length === 0)
    .map(([id]) => functionName(id)),
);

/** What may be expected of a function: one whose row needs nothing of AWS loads nothing of it. */
export function expectedOf(name: string): Expected {
  return withoutAws.has(name) ? { withoutAws: true, goal: 1.9 } : { withoutAws: false, goal: 3 };
}

/** Whether a bundle holds AWS packages that its function does not need. */
export function loadsAwsInVain({ name, modules }: Bundle): boolean {
  return expectedOf(name).withoutAws && modules.some((module) => /node_modules\/@(aws-sdk|smithy|aws)\//.test(module));
}
