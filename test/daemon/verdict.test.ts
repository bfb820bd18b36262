/** An answer stands exactly as long as everything it rests on looks as it did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groundsOf, stillStands } from '../../src/daemon/verdict.js';
import type { Digest } from '../../src/protocol/ids.js';
import type { Seen } from '../../src/protocol/verdict.js';

const digest = (text: string) => text as Digest;

/** A world of names, one text each. */
function worldOf(looks: Readonly<Record<string, string>>, globs: Readonly<Record<string, string[]>> = {}) {
  return {
    observe: (kind: string, name: string) => {
      const found = looks[`${kind} ${name}`];
      return found === undefined ? null : digest(found);
    },
    expand: (glob: string) => globs[glob] ?? [],
  };
}
const stored = (...digests: string[]) => ({ has: (ref: { digest: Digest }) => digests.includes(ref.digest) });

const LOOKS = { 'file a.csv': '1', 'environment YEAR': '2024' };
const GLOBS = { '*.csv': ['a.csv'] };
const SEEN: Seen = {
  sights: [
    { kind: 'file', name: 'a.csv', digest: digest('1') },
    { kind: 'file', name: 'missing.csv', digest: null },
    { kind: 'environment', name: 'YEAR', digest: digest('2024') },
  ],
  expansions: [{ glob: '*.csv', paths: ['a.csv'] }],
  objects: [{ digest: digest('o'), size: 1 }],
};

test('everything as it was', () => {
  assert.equal(stillStands(SEEN, worldOf(LOOKS, GLOBS), stored('o')), true);
});

for (const [what, looks, globs, objects] of [
  ['a file changed', { ...LOOKS, 'file a.csv': '2' }, GLOBS, ['o']],
  ['a file is gone', { 'environment YEAR': '2024' }, GLOBS, ['o']],
  ['a file appeared that was looked for', { ...LOOKS, 'file missing.csv': '' }, GLOBS, ['o']],
  ['a variable changed', { ...LOOKS, 'environment YEAR': '2025' }, GLOBS, ['o']],
  ['a glob finds one more', LOOKS, { '*.csv': ['a.csv', 'b.csv'] }, ['o']],
  ['a glob finds another', LOOKS, { '*.csv': ['b.csv'] }, ['o']],
  ['an object is gone', LOOKS, GLOBS, []],
] as const) {
  test(`not any more: ${what}`, () => {
    const expansions = Object.fromEntries(Object.entries(globs).map(([glob, paths]) => [glob, [...paths]]));
    assert.equal(stillStands(SEEN, worldOf(looks, expansions), stored(...objects)), false);
  });
}

test('what was read is part of the grounds, unless the file is another one by now', () => {
  const world = worldOf({ 'file dag.json': 'd', 'file .dagpy/traces/k': 't' });
  const grounds = groundsOf(SEEN, [{ name: 'dag.json', digest: digest('d') }], ['.dagpy/traces/k'], world);
  assert.deepEqual(grounds?.sights.slice(SEEN.sights.length), [
    { kind: 'file', name: 'dag.json', digest: 'd' },
    { kind: 'file', name: '.dagpy/traces/k', digest: 't' },
  ]);
  assert.equal(groundsOf(SEEN, [{ name: 'dag.json', digest: digest('older') }], [], world), undefined);
});
