/** Problems as people read them: what, where, what to do. */
import type { Problem } from '../protocol/problem.js';
import { printable, type Style } from './terminal/style.js';

export function describe(problem: Problem, style: Style): string {
  const place = placeOf(problem);
  const head = `${style.paint('red', 'error:')} ${place === '' ? '' : `${printable(place)}: `}${printable(problem.message)}`;
  return `${head}\n  ${style.paint('cyan', 'to do:')} ${printable(problem.remedy)}\n`;
}

export function describeWarning(problem: Problem, style: Style): string {
  const place = placeOf(problem);
  return `${style.paint('yellow', 'warning:')} ${place === '' ? '' : `${printable(place)}: `}${printable(problem.message)} (${printable(problem.remedy)})\n`;
}

/** `demo/clean.ipynb, cell 4, line 2` or `dag.json:12:5`. */
export function placeOf({ file, line, column, cell }: Problem): string {
  if (file === undefined) return '';
  if (cell !== undefined)
    return `${file}, cell ${String(cell)}${line === undefined ? '' : `, line ${String(line)}`}`;
  return [file, line, column].filter(part => part !== undefined).join(':');
}
