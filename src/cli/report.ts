/** Problems as people read them: what, where, what to do; and what to do next. */
import type { Problem } from '../protocol/problem.js';
import { printable, type Style } from './terminal/style.js';

/** In a project that has no blocks. */
export const FIRST_STEPS = 'Next: dagpy add ID, or dagpy add ID --from NOTEBOOK --cells 1-4';

export function describe(problem: Problem, style: Style): string {
  const place = placeOf(problem);
  const isNamed = place === '' || problem.message.startsWith(`${place} `);
  const head = `${style.paint('red', 'error:')} ${printable(isNamed ? problem.message : `${place}: ${problem.message}`)}`;
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
