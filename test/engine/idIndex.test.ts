/** Names of blocks and their places, as a `Map` would have them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdIndex } from '../../src/engine/idIndex.js';
import { blockId } from '../../src/protocol/ids.js';

test('a name is found where it stands first, and only if it is there', () => {
  const units = fc.oneof(fc.constantFrom(0, 48, 49, 98), fc.nat(0xffff));
  const text = fc.array(units, { maxLength: 6 }).map(codes => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (listed, others) => {
      const ids = listed.map(blockId);
      const first = new Map<string, number>();
      const further: number[] = [];
      ids.forEach((id, index) => (first.has(id) ? further.push(index) : first.set(id, index)));
      const repeated: number[] = [];
      const index = new IdIndex(ids, place => repeated.push(place));
      assert.deepEqual(repeated, further);
      const asked = [...ids, ...others.map(blockId)];
      const places = new Int32Array(asked.length + 1).fill(-2);
      index.getAll(asked, places);
      assert.deepEqual([...places], [...asked.map(id => first.get(id) ?? -1), -2]);
      for (const id of asked) {
        assert.equal(index.get(id), first.get(id));
        assert.equal(index.has(id), first.has(id));
      }
    }),
  );
});

test('many names that differ in little are all found', () => {
  const ids = Array.from({ length: 50_000 }, (_, index) => blockId(`b${index}`));
  const index = new IdIndex(ids);
  assert.ok(ids.every((id, place) => index.get(id) === place));
  assert.equal(index.get(blockId('b50000')), undefined);
  const places = new Int32Array(ids.length);
  index.getAll(ids, places);
  assert.ok(places.every((found, place) => found === place));
});
