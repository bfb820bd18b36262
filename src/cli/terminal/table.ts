/** Columns padded to their widest cell, measured without colour codes. */
import { stripVTControlCharacters } from 'node:util';

export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    });
  }
  const lines = rows.map(row =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - width(cell)),
      )
      .join('  '),
  );
  return lines.map(line => (indent + line).trimEnd() + '\n').join('');
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
