/** An answer stands exactly as long as everything it rests on looks as it did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byStamps, groundsOf, stillStands } from '../../src/daemon/verdict.js';
import type { Digest } from '../../src/protocol/ids.js';
import type { Seen, Verdict } from '../../src/protocol/verdict.js';

const digest = (text: string) => text as Digest;

/** A world of names, one text each. */
function worldOf(looks: Readonly<Record<string, string>>, globs: Readonly<Record<string, string[]>> = {}) {
  return {
    observe: (kind: string, name: string) => {
      const found = looks[`${kind} ${name}`];
      return found === undefined ? null : digest(found);
    },
    expand: (glob: string) => globs[glob] ?? [],
    // Of files whose names begin with an underscore.
    stampOf: (name: string, digest: Digest) =>
      name.startsWith('_') && looks[`file ${name}`] === digest ? `stamp of ${digest}` : undefined,
    hasStamp: (name: string, stamp: string) => stamp === `stamp of ${looks[`file ${name}`] ?? ''}`,
  };
}
const stored = (...digests: string[]) => ({ has: (ref: { digest: Digest }) => digests.includes(ref.digest) });

const LOOKS = { 'file a.csv': '1', 'environment YEAR': '2024' };
const GLOBS = { '*.csv': ['a.csv'] };
const SEEN: Seen & Pick<Verdict, 'stamped'> = {
  sights: [
    { kind: 'file', name: 'a.csv', digest: digest('1') },
    { kind: 'file', name: 'missing.csv', digest: null },
    { kind: 'environment', name: 'YEAR', digest: digest('2024') },
  ],
  expansions: [{ glob: '*.csv', paths: ['a.csv'] }],
  objects: [{ digest: digest('o'), size: 1 }],
  stamped: { names: '', stamps: '' },
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

test('files that can be told by their stamps are kept by them, all else by what it is', () => {
  const looks = { 'file _a.ipynb': '1', 'module _b.py': '2', 'file _b.py': '2', 'file c.csv': '3' };
  const sights: Seen['sights'] = [
    { kind: 'file', name: '_a.ipynb', digest: digest('1') },
    { kind: 'module', name: '_b.py', digest: digest('2') },
    { kind: 'file', name: 'c.csv', digest: digest('3') },
    { kind: 'file', name: '_missing', digest: null },
  ];
  const kept = byStamps(sights, worldOf(looks));
  assert.deepEqual(kept, {
    stamped: { names: '_a.ipynb\n_b.py', stamps: 'stamp of 1\nstamp of 2' },
    sights: sights.slice(2),
  });
  const seen = { ...SEEN, ...kept, expansions: [], objects: [] };
  assert.equal(stillStands(seen, worldOf(looks), stored()), true);
  for (const changed of ['file _a.ipynb', 'file _b.py', 'file c.csv', 'file _missing'])
    assert.equal(stillStands(seen, worldOf({ ...looks, [changed]: 'other' }), stored()), false, changed);
  assert.equal(
    stillStands({ ...seen, stamped: { ...kept.stamped, stamps: '' } }, worldOf(looks), stored()),
    false,
  );
});
