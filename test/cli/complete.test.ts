import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete, type Offers } from '../../src/cli/commandLine/complete.js';
import { commandNames } from '../../src/cli/commandLine/table.js';

const named = (...words: string[]) => words.map(word => ({ word, summary: '' }));
const offers: Offers = {
  blocks: () => named('load', 'clean', 'model'),
  parameters: () => ['year'],
  tags: () => ['kind=model'],
  exports: block => (block === 'clean' ? named('df', 'stats_a') : []),
};
/** Completes a line; what follows its last space is being typed. */
const words = (line: string): readonly string[] => {
  const all = line.split(' ');
  return complete(all.slice(0, -1), all.at(-1) ?? '', offers).map(({ word }) => word);
};

for (const [line, expected] of [
  ['sta', ['status']],
  ['-C some/where sta', ['status']],
  ['cache ', ['list', 'gc', 'verify', 'clear', 'restore']],
  ['cache ver', ['verify']],
  ['why ', ['load', 'clean', 'model']],
  ['run ', ['affected', 'all', 'load', 'clean', 'model']],
  ['run load c', ['clean']],
  ['run load ', ['affected', 'all', 'clean', 'model']],
  ['run --dr', ['--dry-run']],
  ['run -p ', ['year=']],
  ['run --tag ', ['kind=model']],
  ['run -j ', []],
  ['split notebook.ipynb --by ', ['heading', 'tag', 'cell']],
  ['split --by=t', ['--by=tag']],
  ['add report --parents load,', ['load,load', 'load,clean', 'load,model']],
  ['value clean ', ['df', 'stats_a']],
  ['value clean s', ['stats_a']],
  ['link load ', ['load', 'clean', 'model']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['split ', []],
  ['nonsense ', []],
] as const) {
  test(`dagpy ${line}`, () => assert.deepEqual(words(line), expected));
}

test('every command completes its flags', () => {
  for (const name of commandNames) assert.ok(words(`${name} --he`).includes('--help'), name);
});
