/** Membership in an open notebook: the rule of flows, and cells that are put between others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membershipOf, settled, type CellFacts, type Marks } from '../../src/lab/notebook/membership.js';

/** `#a` a header, `o1` a cell that is outside, all others as they stand. */
function cells(words: string): readonly CellFacts[] {
  return words.split(' ').map((id): CellFacts => {
    const marks: Marks = id.startsWith('o') ? { outside: true } : {};
    const isHeader = id.startsWith('#');
    return { id, type: isHeader ? 'markdown' : 'code', source: () => `## Block: ${id.slice(1)}`, marks };
  });
}

const after = (words: string, ...arrived: readonly string[]): Readonly<Record<string, boolean>> =>
  Object.fromEntries(settled(cells(words), new Set(arrived), null));

test('a header begins a block, in a notebook that was no flow too', () => {
  const { sections, outside } = membershipOf(cells('o1 #a x y #b z o2 w'), null);
  assert.deepEqual(
    sections.map(({ name, cells: own }) => [name, own]),
    [
      ['a', ['x', 'y']],
      ['b', ['z']],
    ],
  );
  assert.deepEqual([...outside], ['o1', 'o2', 'w']);
});

test('what is put between two cells of a block joins it, and between two outside leaves it', () => {
  assert.deepEqual(after('#a x o1 y', 'o1'), { o1: false });
  assert.deepEqual(after('#a o1 x', 'o1'), { o1: false });
  assert.deepEqual(after('#a x o1 x2 o2', 'x2'), {});
  assert.deepEqual(after('#a x o1 #b y', 'o1'), {});
  assert.deepEqual(after('#a x o1 o3 y o2', 'o3'), {});
  assert.deepEqual(after('#a x o1 #b', '#b'), {});
  const facts = cells('#a x o1 y o2').map(cell =>
    cell.id === 'y' ? { ...cell, marks: { block: 'A' } } : cell,
  );
  assert.deepEqual([...settled(facts, new Set(['y']), null)], [['y', true]]);
});
