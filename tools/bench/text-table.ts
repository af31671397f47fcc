/** Lays rows out in columns, the first aligned left and the others right, unless their cells are words. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  const isNumbers = widths.map(
    (_, column) => column > 0 && rows.slice(1).every((row) => startsAsNumber.test(row[column] ?? '')),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        isNumbers[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join('');
}

const startsAsNumber = /^([≤≥] )?[\d–-]/;
