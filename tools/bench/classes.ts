import { functionName, operations, type Operation } from '#lib/operations/table.ts';

const rows: [string, Operation][] = Object.entries(operations);

/** The functions that callers wait for, by what they do with a call. */
export const classes: Readonly<Record<'forwarding' | 'signing', ReadonlySet<string>>> = {
  /** They reach nothing of AWS. */
  forwarding: functionsWhere(({ needs }) => !reachesAws(needs)),
  /** They reach secrets, and whom the call is about is looked up in the table. */
  signing: functionsWhere(({ needs }) => reachesAws(needs)),
};

function functionsWhere(holds: (row: Operation) => boolean): ReadonlySet<string> {
  return new Set(rows.filter(([, row]) => holds(row)).map(([id]) => functionName(id)));
}

function reachesAws({ secrets, items }: Operation['needs']): boolean {
  return secrets.length > 0 || Object.keys(items).length > 0;
}
