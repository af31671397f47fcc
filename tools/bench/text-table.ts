import { table } from '#cli/table.ts';

/** Lays out rows in columns; columns of numbers after the first are aligned right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const isNumbers = (column: number) => rows.slice(1).every((row) => startsAsNumber.test(row[column] ?? ''));
  const right = (rows[0] ?? []).flatMap((_, column) => (column > 0 && isNumbers(column) ? [column] : []));
  return `${table(rows, { right })}\n`.replaceAll(/^(?=.)/gm, '  ');
}

const startsAsNumber = /^([≤≥] )?[\d–-]/;
