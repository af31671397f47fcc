/** Lays rows out in columns, the first aligned left and the others right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column) + 2))).join('');
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join('');
}
