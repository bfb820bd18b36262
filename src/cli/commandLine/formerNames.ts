/** Commands of the original dagpy: whoever types one is told the call that does the same here. */
import { parseArgs } from 'node:util';
import type { Problem } from '../../protocol/problem.js';
import type { FormerName } from './table.js';

/** @param words what follows the name */
export function formerProblem(name: FormerName, words: readonly string[]): Problem {
  const calls = callsFor(name, read(words)).join(' and ');
  return {
    code: 'call',
    message: `"dagpy ${name}" is a command of the original dagpy`,
    remedy: `use: ${calls}${beforehand(name)}`,
  };
}

function beforehand(name: FormerName): string {
  if (name === 'create') return '';
  if (name === 'submitflow' || name === 'sf')
    return '; for a flow that the original made: dagpy import NOTEBOOK';
  return '; a project of the original is taken over once with: dagpy import NAME.dagpy';
}

interface Given {
  readonly words: readonly string[];
  readonly all: boolean;
  readonly name: string | undefined;
  /** `-C DIR ` where the project file was named and lies elsewhere. */
  readonly folder: string;
}

function read(words: readonly string[]): Given {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: {
      all: { type: 'boolean', short: 'a' },
      run: { type: 'boolean', short: 'r' },
      dag: { type: 'string', short: 'd' },
      name: { type: 'string', short: 'n' },
    },
    allowPositionals: true,
    strict: false,
  });
  const { all, dag, name } = values;
  const folder = typeof dag === 'string' ? (/^(.*)[\\/]/.exec(dag)?.[1] ?? '') : '';
  return {
    words: positionals.map(quoted),
    all: all === true,
    name: typeof name === 'string' && name !== '' ? name : undefined,
    folder: folder === '' || folder === '.' ? '' : `-C ${quoted(folder)} `,
  };
}

function callsFor(command: FormerName, { words, all, name, folder }: Given): readonly string[] {
  const dagpy = `dagpy ${folder}`;
  const some = words.join(' ');
  switch (command) {
    case 'create':
      return [`dagpy init ${some || 'NAME'}`];
    case 'view':
      return [`${dagpy}graph ${some}`.trim()];
    case 'execute':
    case 'exe':
      return [all ? `${dagpy}run all` : `${dagpy}run ${some}`.trim()];
    case 'makeflow':
    case 'mf': {
      // One flow holds what one block needs; the original put several into one.
      const file = words.length === 1 && name !== undefined ? ` -o ${quoted(flowFile(name))}` : '';
      return (words.length === 0 ? ['ID'] : words).map(word => `${dagpy}flow ${word}${file}`);
    }
    case 'submitflow':
    case 'sf':
      return [`${dagpy}submit ${some || 'NOTEBOOK'}`];
    case 'rm':
      return [`${dagpy}remove ${some || 'ID'}`];
  }
}

const flowFile = (name: string): string => (name.endsWith('.ipynb') ? name : `${name}.ipynb`);

/** As a shell takes it, on one line. */
function quoted(word: string): string {
  const line = word.replace(/\s+/g, ' ');
  return /^[\p{L}\p{N}._/+:@%,=-]+$/u.test(line) ? line : `'${line.replaceAll("'", "'\\''")}'`;
}
