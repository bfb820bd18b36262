/** An answer stands exactly as long as everything it rests on looks as it did. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byStamps, groundsOf, inLines, stillStands } from '../../src/daemon/verdict.js';
import type { Digest } from '../../src/protocol/ids.js';
import type { Seen, Verdict } from '../../src/protocol/verdict.js';

/** One that tells which text it stands for. */
const digest = (text: string) => Buffer.from(text).toString('hex').padEnd(64, '0') as Digest;

/** A world of names, one text each. */
function worldOf(looks: Readonly<Record<string, string>>, globs: Readonly<Record<string, string[]>> = {}) {
  return {
    observe: (kind: string, name: string) => {
      const found = looks[`${kind} ${name}`];
      return found === undefined ? null : digest(found);
    },
    expand: (glob: string) => globs[glob] ?? [],
    // Of files whose names begin with an underscore.
    stampOf: (name: string, asked: Digest) =>
      name.startsWith('_') && digest(looks[`file ${name}`] ?? '') === asked ? `stamp of ${asked}` : undefined,
    hasStamp: (name: string, stamp: string) => stamp === `stamp of ${digest(looks[`file ${name}`] ?? '')}`,
  };
}
const stored = (...texts: string[]) => ({
  has: (ref: { digest: Digest; size: number }) => texts.map(digest).includes(ref.digest) && ref.size === 1,
});

const LOOKS = { 'file a.csv': '1', 'environment YEAR': '2024' };
const GLOBS = { '*.csv': ['a.csv'] };
const OBJECTS = [{ digest: digest('o'), size: 1 }];
const SEEN: Omit<Seen, 'objects'> & Pick<Verdict, 'stamped' | 'stored'> = {
  sights: [
    { kind: 'file', name: 'a.csv', digest: digest('1') },
    { kind: 'file', name: 'missing.csv', digest: null },
    { kind: 'environment', name: 'YEAR', digest: digest('2024') },
  ],
  expansions: [{ glob: '*.csv', paths: ['a.csv'] }],
  stamped: { names: '', stamps: '' },
  stored: inLines(OBJECTS),
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
  const grounds = groundsOf(
    { ...SEEN, objects: OBJECTS },
    [{ name: 'dag.json', digest: digest('d') }],
    ['.dagpy/traces/k'],
    world,
  );
  assert.deepEqual(grounds?.sights.slice(SEEN.sights.length), [
    { kind: 'file', name: 'dag.json', digest: digest('d') },
    { kind: 'file', name: '.dagpy/traces/k', digest: digest('t') },
  ]);
  assert.equal(
    groundsOf({ ...SEEN, objects: OBJECTS }, [{ name: 'dag.json', digest: digest('older') }], [], world),
    undefined,
  );
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
    stamped: { names: '_a.ipynb\n_b.py', stamps: `stamp of ${digest('1')}\nstamp of ${digest('2')}` },
    sights: sights.slice(2),
  });
  const seen = { ...SEEN, ...kept, expansions: [], stored: inLines([]) };
  assert.equal(stillStands(seen, worldOf(looks), stored()), true);
  for (const changed of ['file _a.ipynb', 'file _b.py', 'file c.csv', 'file _missing'])
    assert.equal(stillStands(seen, worldOf({ ...looks, [changed]: 'other' }), stored()), false, changed);
  assert.equal(
    stillStands({ ...seen, stamped: { ...kept.stamped, stamps: '' } }, worldOf(looks), stored()),
    false,
  );
});

for (const [what, changed] of [
  ['a size is missing', { digests: digest('o'), sizes: '' }],
  ['a size is another', { digests: digest('o'), sizes: '2' }],
  ['a path stands in place of a digest', { digests: '../../dag.json', sizes: '1' }],
] as const) {
  test(`not any more: of the objects, ${what}`, () => {
    const store = { has: ({ size }: { readonly size: number }) => size === 1 };
    assert.equal(stillStands({ ...SEEN, stored: changed }, worldOf(LOOKS, GLOBS), store), false);
  });
}
