/** Which cells belong to which block, whatever people do to headers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sectionsOf, type PlacedCell } from '../../../src/protocol/flow/sections.js';

const BLOCKS = [
  { uid: 'A', name: 'a' },
  { uid: 'B', name: 'b' },
  { uid: 'C', name: 'c' },
];

/** `a1` a cell of A, `#a` its header, `#a=x` that header renamed, `+x` a header that was typed, `n1` a new cell, `o1` one outside. */
function place(words: string): readonly PlacedCell[] {
  return words.split(' ').map((word, at): PlacedCell => {
    const letter = word.replace(/^[#+]/, '')[0]!.toUpperCase();
    const origin = !word.startsWith('+') && 'ABC'.includes(letter) ? { origin: letter } : {};
    const name = word.startsWith('+') ? word.slice(1) : (word.split('=')[1] ?? word.slice(1));
    const header = /^[#+]/.test(word) ? { header: { name, rest: [] } } : {};
    const isOutside = word.startsWith('o') ? { isOutside: true } : {};
    return { id: word, place: at + 1, ...origin, ...header, ...isOutside };
  });
}
const shown = (words: string): string =>
  sectionsOf(place(words), BLOCKS)
    .sections.map(({ uid, name, cells }) => `${uid ?? 'new'} ${name}: ${cells.join(' ')}`)
    .join(' | ');

test('sections', () => {
  const cases: Readonly<Record<string, string>> = {
    '#a a1 #b b1': 'A a: a1 | B b: b1',
    'n1 #a a1 b1 #b': 'A a: n1 a1 b1 | B b: ',
    '#b b1 #a a1': 'B b: b1 | A a: a1',
    '#a=x a1 #b b1': 'A x: a1 | B b: b1',
    '#a a1 +x n1 #b b1': 'A a: a1 | new x: n1 | B b: b1',
    // The copy that was renamed is new, the one that kept its name is the block's own.
    '#a=x a1 #a a2': 'new x: a1 | A a: a2',
    // Losing a header moves nothing …
    '#a a1 b1 b2 #c c1': 'A a: a1 | B b: b1 b2 | C c: c1',
    '#a a1 b1 n1 a2 #c c1': 'A a: a1 a2 | B b: b1 n1 | C c: c1',
    // … and a header below decides again.
    '#a a1 b1 #c b2 c1': 'A a: a1 | B b: b1 | C c: b2 c1',
    // Typed anew, by its name or in its place.
    '#a a1 +b b1': 'A a: a1 | B b: b1',
    '#a a1 +x b1': 'A a: a1 | B x: b1',
    '#a a1 b1 +x b2': 'A a: a1 | B b: b1 | new x: b2',
    '#a a1 +x b1 #b b2': 'A a: a1 | new x: b1 | B b: b2',
  };
  for (const [words, wanted] of Object.entries(cases)) assert.equal(shown(words), wanted, words);
});

test('cells outside, and what people add below and above them', () => {
  const outside = (words: string) => sectionsOf(place(words), BLOCKS).outside.join(' ');
  const cases: Readonly<Record<string, readonly [string, string]>> = {
    'o1 #a a1 o2 n1 #b b1 n2 o3': ['A a: a1 | B b: b1 n2', 'o1 o2 n1 o3'],
    '#a a1 o1 a2 n1': ['A a: a1 a2 n1', 'o1'],
    '#a a1 o1 n1 b1 #b b2': ['A a: a1 b1 | B b: b2', 'o1 n1'],
    'n1 o1 n2 #a a1': ['A a: a1', 'n1 o1 n2'],
    'a1 o1 #a n1': ['A a: a1 n1', 'o1'],
    'o1 n1': ['', 'o1 n1'],
  };
  for (const [words, [wanted, out]] of Object.entries(cases)) {
    assert.equal(shown(words), wanted, words);
    assert.equal(outside(words), out, words);
    assert.deepEqual(sectionsOf(place(words), BLOCKS).faults, []);
  }
});

test('faults', () => {
  const faults = (words: string) => sectionsOf(place(words), BLOCKS).faults;
  assert.deepEqual(faults('#a a1 #b=a b1'), [{ kind: 'doubled-block', name: 'a', places: [1, 3] }]);
  assert.deepEqual(faults('n1 n2'), [{ kind: 'no-block', place: 1 }]);
  assert.deepEqual(faults('n1 #a'), []);
});

test('every cell is in one section, in any order of any cells', () => {
  const word = fc.constantFrom(
    '#a',
    '#b',
    '#c',
    '#a=x',
    '+b',
    '+y',
    'a1',
    'a2',
    'b1',
    'b2',
    'c1',
    'n1',
    'n2',
    'o1',
    'o2',
  );
  fc.assert(
    fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 15 }), words => {
      const { sections, outside, faults } = sectionsOf(place(words.join(' ')), BLOCKS);
      const found = [...sections.flatMap(({ cells }) => cells), ...outside];
      const wanted = words.filter(each => !/^[#+]/.test(each));
      if (sections.length > 0) assert.deepEqual([...found].sort(), [...wanted].sort());
      else assert.equal(faults.length, wanted.length > outside.length ? 1 : 0);
      const uids = sections.flatMap(({ uid }) => uid ?? []);
      assert.equal(new Set(uids).size, uids.length);
    }),
    { numRuns: 3_000 },
  );
});
