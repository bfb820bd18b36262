import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formerProblem } from '../../src/cli/commandLine/formerNames.js';
import { parseCommandLine } from '../../src/cli/commandLine/parse.js';

function hintFor(line: string): string {
  const parsed = parseCommandLine(line.split(' '));
  assert.ok(parsed.ok && parsed.value.kind === 'former', line);
  const { code, message, remedy } = formerProblem(parsed.value.command, parsed.value.words);
  assert.equal(code, 'call');
  assert.match(message, /^"dagpy \w+" is a command of the original dagpy$/);
  assert.doesNotMatch(remedy, /\n/);
  return remedy.replace(/;.*$/, '');
}

test('commands of the original are answered with the call that does the same', () => {
  const hints: Readonly<Record<string, string>> = {
    'create churn': 'dagpy init churn',
    'create churn -r': 'dagpy init churn',
    view: 'dagpy graph',
    'view B C': 'dagpy graph B C',
    'execute -a': 'dagpy run all',
    'execute B D --all': 'dagpy run all',
    'execute B D': 'dagpy run B D',
    execute: 'dagpy run',
    'exe -d old.dagpy B': 'dagpy run B',
    'exe -d work/old.dagpy -a': 'dagpy -C work run all',
    'makeflow B -r': 'dagpy flow B',
    'makeflow B -n notes': 'dagpy flow B -o notes.ipynb',
    'mf B C': 'dagpy flow B and dagpy flow C',
    'submitflow notes.ipynb': 'dagpy submit notes.ipynb',
    'sf notes.ipynb -d ./old.dagpy': 'dagpy submit notes.ipynb',
    'rm B': 'dagpy remove B',
    '-C work view': 'dagpy graph',
  };
  for (const [line, hint] of Object.entries(hints)) assert.equal(hintFor(line), `use: ${hint}`, line);
});

test('words that a shell would read are quoted', () => {
  const { remedy } = formerProblem('execute', ["it's", 'a b', '$(x)', 'a\nb']);
  assert.match(remedy, /^use: dagpy run 'it'\\''s' 'a b' '\$\(x\)' 'a b';/);
});
