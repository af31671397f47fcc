import type { LogLine } from './line.ts';

/** Which lines are shown: those that all of it holds for. */
export interface Filter {
  partner?: string;
  operation?: readonly string[];
  /** `404`, or a class such as `5xx`. */
  status?: string;
  /** Whatever did not go well: refused calls, failed ones, and failed runs of scheduled functions. */
  failed?: true;
}

/** Whether a line is shown. A run of a scheduled function has no partner, operation or status. */
export function passes({ partner, operation, status, failed }: Filter, line: LogLine): boolean {
  const { lowest, highest } = statusesOf(status);
  return (
    (partner === undefined || line.partner === partner) &&
    (operation === undefined || operation.includes(line.operation ?? '')) &&
    (status === undefined || (line.status !== undefined && line.status >= lowest && line.status <= highest)) &&
    (!failed || line.outcome !== 'success')
  );
}

/**
 * As much of a filter as makes CloudWatch Logs send fewer lines; what Lambda itself writes is never sent. Source: CloudWatch Logs user guide,
 * “Filter pattern syntax”.
 */
export function patternOf({ partner, status, failed }: Filter): string {
  const { lowest, highest } = statusesOf(status);
  const terms = [
    '$.duration_ms >= 0',
    ...(partner === undefined ? [] : [`$.partner = "${partner}"`]),
    ...(status === undefined ? [] : [`$.status >= ${lowest}`, `$.status <= ${highest}`]),
    ...(failed ? ['$.outcome != "success"'] : []),
  ];
  return `{ ${terms.map((term) => `(${term})`).join(' && ')} }`;
}

function statusesOf(status = '0'): { lowest: number; highest: number } {
  return { lowest: Number(status.replaceAll('x', '0')), highest: Number(status.replaceAll('x', '9')) };
}
