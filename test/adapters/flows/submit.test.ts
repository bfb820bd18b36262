/** A person edits a flow in Jupyter while others edit its blocks: nothing that anybody wrote is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Disagreement, Submission } from '../../../src/adapters/flows/state.js';
import {
  apply,
  labEdit,
  labSave,
  newId,
  oddNotebook,
  sourceOf,
  type LabCell,
  type LabEdit,
} from './jupyter.js';
import { compose, notebookOf, plan, submitted, type Block } from './trial.js';

const cellsOf = (text: string): readonly string[] =>
  notebookOf(text).cells.map(({ span }) => text.slice(span.start, span.end));
const cellIn = (text: string): LabCell => JSON.parse(text) as LabCell;
const isConflict = (outcome: Submission | Disagreement): outcome is Disagreement => 'conflicts' in outcome;

/** @param prefixes of cell ids, a block each */
const projectOf = (prefixes: string, minors?: readonly number[]): fc.Arbitrary<readonly Block[]> =>
  fc
    .tuple(
      oddNotebook(prefixes[0]!, 'uid-a', minors),
      oddNotebook(prefixes[1]!, 'uid-b', minors),
      oddNotebook(prefixes[2]!, 'uid-c', minors),
    )
    .map(([a, b, c]) => [
      { uid: 'uid-a', id: 'a', text: a, filter: ['*_x', '_y'] },
      { uid: 'uid-b', id: 'b', text: b, parents: ['a'] },
      { uid: 'uid-c', id: 'c', text: c, parents: ['b', 'a'], filter: 'off' },
    ]);

// Ids of the first two are the same, as a copied notebook has them.
const project = projectOf('ccd');
const edits = fc.array(labEdit, { maxLength: 5 });

function edited(text: string, actions: readonly LabEdit[], mark: string): string {
  return labSave(text, notebook => {
    actions.forEach((action, turn) => apply(notebook, action, `${mark}${String(turn)}q`));
  });
}

const marksIn = (texts: readonly string[], mark: string): ReadonlySet<string> =>
  new Set(
    texts.flatMap(text =>
      cellsOf(text).flatMap(cell => {
        const { source, metadata } = cellIn(cell);
        const { execution: _, ...kept } = metadata;
        return JSON.stringify([source, kept]).match(new RegExp(`${mark}\\d+q`, 'g')) ?? [];
      }),
    ),
  );

function assertSubmits(flow: string, blocks: readonly Block[]): readonly Block[] {
  const submission = plan(flow, blocks);
  assert.ok(!isConflict(submission));
  const after = submitted(submission, blocks);
  const texts = after.blocks.map(({ text }) => text);
  for (const text of texts) {
    const { cells, minor } = notebookOf(text);
    for (const cell of cellsOf(text)) assert.doesNotMatch(JSON.stringify(cellIn(cell).metadata), /"dagpy"/);
    if (minor >= 5) assert.ok(cells.every(({ hasOwnId }) => hasOwnId));
  }
  for (const mark of marksIn([flow], 'mine')) assert.ok(marksIn(texts, 'mine').has(mark), `${mark} is lost`);
  // What came of it is agreed on by both sides.
  const again = plan(after.flow, after.blocks);
  assert.ok(!isConflict(again));
  assert.deepEqual([again.changed, again.added, again.headers], [[], [], []]);
  assert.equal(submitted(again, after.blocks).flow, after.flow);
  const saved = plan(labSave(after.flow), after.blocks);
  assert.ok(!isConflict(saved));
  assert.deepEqual([saved.changed, saved.added, saved.headers], [[], [], []]);
  return after.blocks;
}

test('a flow that was only opened and saved changes nothing', () => {
  fc.assert(
    fc.property(project, blocks => {
      const flow = compose(blocks);
      for (const text of [flow, labSave(flow)]) {
        const submission = plan(text, blocks);
        assert.ok(!isConflict(submission));
        assert.deepEqual([submission.changed, submission.added, submission.headers], [[], [], []]);
        assert.deepEqual(submission.merge.remarks, []);
      }
      assert.equal(submitted(plan(flow, blocks) as Submission, blocks).flow, flow);
    }),
    { numRuns: 300 },
  );
});

test('edits of the flow alone arrive, and untouched cells keep their bytes', () => {
  fc.assert(
    fc.property(project, edits, (blocks, actions) => {
      const flow = compose(blocks);
      const before = new Map(
        (JSON.parse(labSave(flow)) as { cells: LabCell[] }).cells.map(cell => [cell.id, cell]),
      );
      const text = edited(flow, actions, 'mine');
      const after = assertSubmits(text, blocks);
      const same = new Set(
        (JSON.parse(text) as { cells: LabCell[] }).cells.flatMap(cell =>
          JSON.stringify(before.get(cell.id)) === JSON.stringify(cell) ? [cell.id] : [],
        ),
      );
      const first = (JSON.parse(flow) as { cells: LabCell[] }).cells;
      const owners = first.map(({ metadata }) => (metadata['dagpy'] as { block?: string }).block);
      for (const block of blocks) {
        const ids = first.filter((_, at) => owners[at] === block.uid).map(({ id }) => id);
        cellsOf(block.text).forEach((cell, at) => {
          if (same.has(ids[at]) && !actions.some(({ kind }) => kind === 'move'))
            assert.ok(after.find(({ uid }) => uid === block.uid)!.text.includes(cell), `${cell} changed`);
        });
      }
    }),
    { numRuns: 400 },
  );
});

test('edits on both sides: all that was written is in the blocks, or both versions in the flow', () => {
  let conflicts = 0;
  fc.assert(
    fc.property(
      project,
      edits,
      fc.array(edits, { minLength: 3, maxLength: 3 }),
      fc.nat(),
      (blocks, mine, theirs, dice) => {
        const flow = edited(compose(blocks), mine, 'mine');
        const disk = blocks.map((block, at) => {
          const actions = theirs[at]!;
          return actions.length === 0
            ? block
            : { ...block, text: edited(block.text, actions, `theirs${String(at)}x`) };
        });
        const written = marksIn(
          disk.map(({ text }) => text),
          'theirs\\dx',
        );
        const outcome = plan(flow, disk);
        if (!isConflict(outcome)) {
          const texts = assertSubmits(flow, disk).map(({ text }) => text);
          for (const mark of written) assert.ok(marksIn(texts, 'theirs\\dx').has(mark), `${mark} is lost`);
          return;
        }
        conflicts += 1;
        // Both versions are there, and their places are told.
        const shown = (JSON.parse(outcome.flowText) as { cells: LabCell[] }).cells;
        for (const mark of marksIn([flow], 'mine')) assert.ok(marksIn([outcome.flowText], 'mine').has(mark));
        const both = new Set([
          ...marksIn(
            disk.map(({ text }) => text),
            'theirs\\dx',
          ),
          ...marksIn([outcome.flowText], 'theirs\\dx'),
        ]);
        for (const mark of written) assert.ok(both.has(mark));
        for (const { place } of outcome.conflicts) {
          const [own, now] = [shown[place - 1]!, shown[place]!];
          assert.equal((now.metadata['dagpy'] as { conflict?: string }).conflict, own.id);
        }
        // One of the two is deleted, or split, or pasted: what is left goes into the blocks.
        const resolved = labSave(outcome.flowText, notebook => {
          for (const { id } of [...notebook.cells]) {
            const copy = notebook.cells.find(
              ({ metadata }) => (metadata['dagpy'] as { conflict?: string } | undefined)?.conflict === id,
            );
            if (copy === undefined) continue;
            const keepsOwn = dice % 2 === 0;
            notebook.cells = notebook.cells.filter(cell => cell.id !== (keepsOwn ? copy.id : id));
            if (keepsOwn || dice % 3 !== 0) continue;
            const place = notebook.cells.indexOf(copy);
            const half = sourceOf(copy).length >> 1;
            const halves = [sourceOf(copy).slice(0, half), sourceOf(copy).slice(half)];
            notebook.cells.splice(
              place,
              1,
              ...halves.map(source => ({ ...structuredClone(copy), id: newId(), source })),
            );
          }
        });
        const left = marksIn(
          disk.map(({ text }) => text),
          'theirs\\dx',
        );
        const texts = assertSubmits(resolved, disk).map(({ text }) => text);
        const decided = new Set(
          outcome.conflicts.length > 0 ? marksIn([outcome.flowText], 'theirs\\dx') : [],
        );
        for (const mark of left)
          if (!decided.has(mark)) assert.ok(marksIn(texts, 'theirs\\dx').has(mark), `${mark} is lost`);
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(conflicts > 40, `${String(conflicts)} conflicts only`);
});

test('blocks were written and the flow was not: submitting again changes nothing', () => {
  fc.assert(
    fc.property(projectOf('abc', [5]), edits, fc.nat(7), (blocks, mine, which) => {
      const flow = edited(compose(blocks), mine, 'mine');
      const submission = plan(flow, blocks);
      assert.ok(!isConflict(submission));
      const after = submitted(submission, blocks).blocks;
      const again = plan(flow, after);
      assert.ok(!isConflict(again), 'a conflict with oneself');
      assert.deepEqual(again.changed, []);
      // Cut off in between: some blocks are written, others are not.
      const some = blocks.map((block, at) => ((which >> at) & 1 ? after[at]! : block));
      const rest = plan(flow, some);
      assert.ok(!isConflict(rest));
      const texts = submitted(rest, some).blocks.map(({ text }) => text);
      const sources = (notebooks: readonly string[]) =>
        notebooks.map(text => cellsOf(text).map(cell => sourceOf(cellIn(cell))));
      assert.deepEqual(sources(texts), sources(after.map(({ text }) => text)));
    }),
    { numRuns: 400 },
  );
});
