/** Which cell is which where there are no ids. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { align } from '../../../src/engine/flow/align.js';

const pairs = (before: string, after: string) => align([...before], [...after]);

test('equal ones first, and what lies between them in order', () => {
  assert.deepEqual(pairs('abc', 'abc'), [0, 1, 2]);
  assert.deepEqual(pairs('abc', 'aXc'), [0, 1, 2], 'an edit');
  assert.deepEqual(pairs('abc', 'ac'), [0, 2], 'a deletion');
  assert.deepEqual(pairs('abc', 'abXc'), [0, 1, null, 2], 'an insertion');
  assert.deepEqual(pairs('', 'ab'), [null, null]);
  assert.deepEqual(pairs('ab', ''), []);
});

test('pairs are in order, nothing is taken twice, and a new item moves nothing', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 8 });
  fc.assert(
    fc.property(text, text, fc.nat(8), (before, after, at) => {
      const found = align(before, after).flatMap((from, place) =>
        from === null ? [] : [[from, place] as const],
      );
      found.forEach(([from, place], index) => {
        assert.ok(from < before.length && place < after.length);
        if (index > 0) assert.ok(found[index - 1]![0] < from);
      });
      const place = Math.min(at, before.length);
      const inserted = [...before.slice(0, place), 'new', ...before.slice(place)];
      assert.deepEqual(
        align(before, inserted),
        inserted.map((_, now) => (now === place ? null : now < place ? now : now - 1)),
      );
    }),
    { numRuns: 2_000 },
  );
});
