/** Whatever both sides do, nothing that a person wrote is lost, and what one side alone did is what comes out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeFlow, type CellVersion, type Merge, type Section } from '../../../src/engine/flow/merge.js';

const cell = (id: string, content = 'c', outputs = 'o'): CellVersion => ({ id, content, outputs });
const ids = (merge: Merge): Record<string, string[]> =>
  Object.fromEntries(merge.sections.map(({ block, cells }) => [block, cells.map(({ id }) => id)]));
const BASE: readonly Section[] = [
  { block: 'a', cells: [cell('1'), cell('2'), cell('3')] },
  { block: 'b', cells: [cell('4'), cell('5')] },
];
const withCells = (block: string, cells: readonly CellVersion[]): readonly Section[] =>
  BASE.map(section => (section.block === block ? { block, cells } : section));

test('one side alone is taken as it is', () => {
  const edited = withCells('a', [cell('3'), cell('new'), cell('1', 'changed')]);
  assert.deepEqual(ids(mergeFlow(BASE, edited, BASE)), { a: ['3', 'new', '1'], b: ['4', '5'] });
  assert.deepEqual(ids(mergeFlow(BASE, BASE, edited)), { a: ['3', 'new', '1'], b: ['4', '5'] });
});

test('new cells of both sides stay behind the cells that they follow', () => {
  const flow = withCells('a', [cell('1'), cell('f'), cell('2'), cell('3')]);
  const disk = withCells('a', [cell('0'), cell('1'), cell('2'), cell('d'), cell('3')]);
  assert.deepEqual(ids(mergeFlow(BASE, flow, disk))['a'], ['0', '1', 'f', '2', 'd', '3']);
});

test('a cell moved to another block takes the change of the other side along', () => {
  const flow: readonly Section[] = [
    { block: 'a', cells: [cell('1'), cell('3')] },
    { block: 'b', cells: [cell('4'), cell('2'), cell('5')] },
  ];
  const disk = withCells('a', [cell('1'), cell('2', 'changed'), cell('3')]);
  const merge = mergeFlow(BASE, flow, disk);
  assert.deepEqual(ids(merge), { a: ['1', '3'], b: ['4', '2', '5'] });
  assert.equal(merge.sections[1]?.cells[1]?.content, 'disk');
});

test('both changed a cell: a conflict, unless they agree', () => {
  const changed = (to: string) => withCells('a', [cell('1', to), cell('2'), cell('3')]);
  assert.deepEqual(mergeFlow(BASE, changed('x'), changed('y')).conflicts, [{ id: '1', block: 'a' }]);
  assert.deepEqual(mergeFlow(BASE, changed('x'), changed('x')).conflicts, []);
});

test('deleted here and changed there: the change stays, and it is said', () => {
  const without = withCells('a', [cell('2'), cell('3')]);
  const changed = withCells('a', [cell('1', 'x'), cell('2'), cell('3')]);
  for (const [flow, disk, side] of [
    [without, changed, 'disk'],
    [changed, without, 'flow'],
  ] as const) {
    const merge = mergeFlow(BASE, flow, disk);
    assert.deepEqual(ids(merge)['a'], ['1', '2', '3']);
    assert.equal(merge.sections[0]?.cells[0]?.content, side);
    assert.deepEqual(merge.remarks, [{ id: '1', block: 'a', kind: 'kept-edited' }]);
  }
});

test('outputs follow the code that made them', () => {
  const one = (content: string, outputs: string) => withCells('b', [cell('4', content, outputs), cell('5')]);
  const first = (flow: readonly Section[], disk: readonly Section[]) =>
    mergeFlow(BASE, flow, disk).sections[1]?.cells[0];
  assert.deepEqual(first(one('c', 'ran'), BASE), { id: '4', content: 'disk', outputs: 'flow' });
  assert.deepEqual(first(BASE, one('c', 'ran')), { id: '4', content: 'disk', outputs: 'disk' });
  assert.deepEqual(first(one('new', 'o'), one('c', 'ran')), { id: '4', content: 'flow', outputs: 'disk' });
  assert.deepEqual(first(one('new', 'ran'), BASE), { id: '4', content: 'flow', outputs: 'flow' });
  const both = mergeFlow(BASE, one('c', 'mine'), one('c', 'theirs'));
  assert.equal(both.sections[1]?.cells[0]?.outputs, 'disk');
  assert.deepEqual(both.remarks, [{ id: '4', block: 'b', kind: 'outputs-differ' }]);
});

/** A side: the base after any edits, deletions, moves and insertions. */
const sideOf = (mark: string): fc.Arbitrary<readonly Section[]> =>
  fc
    .array(
      fc.record({
        kind: fc.constantFrom('edit', 'delete', 'move', 'insert', 'run'),
        at: fc.nat(20),
        to: fc.nat(20),
      }),
      { maxLength: 6 },
    )
    .map(edits => {
      const blocks = BASE.map(({ block, cells }) => ({ block, cells: [...cells] }));
      edits.forEach(({ kind, at, to }, turn) => {
        const from = blocks[at % blocks.length]!;
        const target = mark === 'flow' ? blocks[to % blocks.length]! : from;
        const place = at % Math.max(1, from.cells.length);
        const found = from.cells[place];
        if (kind === 'insert')
          target.cells.splice(to % (target.cells.length + 1), 0, cell(`${mark}${String(turn)}`, mark));
        else if (found !== undefined) {
          if (kind === 'edit') from.cells[place] = { ...found, content: `${mark}${String(turn)}` };
          if (kind === 'run') from.cells[place] = { ...found, outputs: `${mark}${String(turn)}` };
          if (kind === 'delete' || kind === 'move') from.cells.splice(place, 1);
          if (kind === 'move') target.cells.splice(to % (target.cells.length + 1), 0, found);
        }
      });
      return blocks;
    });

const versions = (sections: readonly Section[]): Map<string, CellVersion> =>
  new Map(sections.flatMap(({ cells }) => cells.map(each => [each.id, each])));

test('any edits on both sides: nothing written is lost, nothing appears twice, and merging again changes nothing', () => {
  const before = versions(BASE);
  fc.assert(
    fc.property(sideOf('flow'), sideOf('disk'), (flow, disk) => {
      const merge = mergeFlow(BASE, flow, disk);
      const [mine, theirs] = [versions(flow), versions(disk)];
      const all = merge.sections.flatMap(({ cells }) => cells);
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
      const content = new Map(
        all.map(({ id, content: side }) => [id, (side === 'flow' ? mine : theirs).get(id)!.content]),
      );
      const disputed = new Set(merge.conflicts.map(({ id }) => id));
      for (const side of [mine, theirs])
        for (const [id, version] of side)
          if (version.content !== before.get(id)?.content && !disputed.has(id))
            assert.equal(content.get(id), version.content, `${id} is lost`);
      for (const id of content.keys()) assert.ok(mine.has(id) || theirs.has(id));

      const merged: readonly Section[] = merge.sections.map(({ block, cells }) => ({
        block,
        cells: cells.map(each => ({
          id: each.id,
          content: content.get(each.id)!,
          outputs: (each.outputs === 'flow' ? mine : theirs).get(each.id)!.outputs,
        })),
      }));
      assert.deepEqual(ids(mergeFlow(merged, merged, merged)), ids(merge));
      // The blocks were written and the flow was not: the same edits again change nothing more.
      if (disputed.size === 0) assert.deepEqual(ids(mergeFlow(BASE, flow, merged)), ids(merge));
    }),
    { numRuns: 2_000 },
  );
});

test('where one side did nothing the other side comes out, order included', () => {
  const plain = (sections: readonly Section[]) =>
    Object.fromEntries(sections.map(({ block, cells }) => [block, cells.map(({ id }) => id)]));
  fc.assert(
    fc.property(sideOf('flow'), sideOf('disk'), (flow, disk) => {
      assert.deepEqual(ids(mergeFlow(BASE, flow, BASE)), plain(flow));
      assert.deepEqual(ids(mergeFlow(BASE, BASE, disk)), plain(disk));
      assert.deepEqual(mergeFlow(BASE, flow, BASE).conflicts, []);
    }),
    { numRuns: 1_000 },
  );
});
