/** Flows and block notebooks that are open in an editor while their blocks change: nothing is lost, nothing is pushed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { mergeNotebook, readFlow } from '../../../src/adapters/flows/index.js';
import { digestsOf } from '../../../src/adapters/flows/compose.js';
import type { Disagreement, Submission } from '../../../src/adapters/flows/state.js';
import { planSubmission } from '../../../src/adapters/flows/submit.js';
import { apply, labEdit, labSave, oddNotebook, sourceOf, type LabCell, type LabEdit } from './jupyter.js';
import { compose, digest, notebookOf, projectBlocks, submitted, type Block } from './trial.js';

const project: fc.Arbitrary<readonly Block[]> = fc
  .tuple(oddNotebook('c', 'uid-a', [5]), oddNotebook('d', 'uid-b', [5]))
  .map(([a, b]) => [
    { uid: 'uid-a', id: 'a', text: a },
    { uid: 'uid-b', id: 'b', text: b, parents: ['a'] },
  ]);
const edits = fc.array(labEdit, { maxLength: 4 });

function edited(text: string, actions: readonly LabEdit[], mark: string): string {
  return labSave(text, notebook => {
    actions.forEach((action, turn) => apply(notebook, action, `${mark}${String(turn)}q`));
  });
}

const home = (blocks: readonly Block[]) => ({
  name: 'trial',
  blocks: projectBlocks(blocks).map(({ uid, declaration, notebook }) => ({
    uid,
    notebook,
    name: declaration.id as string,
    parents: declaration.parents.map(({ block }) => block as string),
    filter: ['auto'],
  })),
});

function openPlan(
  text: string,
  blocks: readonly Block[],
  saved: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): Submission | Disagreement {
  const flow = readFlow(notebookOf(text, 'a.flow.ipynb'), digest, home(blocks));
  assert.ok(flow.ok, flow.ok ? '' : JSON.stringify(flow.problems));
  let made = 0;
  const planned = planSubmission(flow.value, projectBlocks(blocks), {
    digest,
    newUid: () => `fresh${String((made += 1))}`,
    isOpen: true,
    saved,
  });
  assert.ok(planned.ok, planned.ok ? '' : JSON.stringify(planned.problems));
  return planned.value;
}

const isConflict = (outcome: Submission | Disagreement): outcome is Disagreement => 'conflicts' in outcome;
const cellsIn = (text: string): readonly LabCell[] => (JSON.parse(text) as { cells: LabCell[] }).cells;
const marks = (texts: readonly string[], mark: string): ReadonlySet<string> =>
  new Set(
    texts.flatMap(text =>
      cellsIn(text.replace(/^\ufeff/, '')).flatMap(
        cell => sourceOf(cell).match(new RegExp(`${mark}\\d+q`, 'g')) ?? [],
      ),
    ),
  );

test('what came in first and was saved then is what would have been saved at once', () => {
  fc.assert(
    fc.property(project, edits, edits, (blocks, mine, theirs) => {
      const flow = edited(compose(blocks), mine, 'mine');
      const now = blocks.map(block => ({
        ...block,
        text: edited(
          block.text,
          theirs.filter(({ kind }) => kind !== 'move'),
          `${block.id}theirs`,
        ),
      }));
      const first = openPlan(flow, now);
      if (isConflict(first)) return;
      const once = submitted(first, now);
      const brought = first.broughtIn();
      const second = openPlan(labSave(brought), now);
      assert.ok(!isConflict(second), 'what came in is no conflict afterwards');
      const twice = submitted(second, now);
      const shape = (texts: readonly Block[]) =>
        texts.map(({ text }) =>
          cellsIn(text.replace(/^\ufeff/, '')).map(cell => [cell.cell_type, sourceOf(cell)]),
        );
      assert.deepEqual(shape(twice.blocks), shape(once.blocks));
      for (const mark of marks(
        now.map(({ text }) => text),
        '(?:a|b)theirs',
      ))
        assert.ok(marks([brought], '(?:a|b)theirs').has(mark) || mine.length > 0, `${mark} did not come in`);
      for (const mark of marks([flow], 'mine'))
        assert.ok(marks([brought], 'mine').has(mark), `${mark} is lost`);
    }),
    { numRuns: 400 },
  );
});

const cell = (id: string, source: string, rest: Partial<LabCell> = {}): LabCell => ({
  id,
  cell_type: 'code',
  metadata: {},
  source,
  outputs: [],
  execution_count: null,
  ...rest,
});
const header = (id: string, name: string, metadata: Record<string, unknown> = {}): LabCell => ({
  id,
  cell_type: 'markdown',
  metadata,
  source: `## Block: ${name}`,
});
const notebook = (cells: readonly LabCell[], metadata: Record<string, unknown> = {}): string =>
  labSave(JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));

test('a notebook that was no flow becomes one by its headers; cells outside stay in it alone', () => {
  const outside = { dagpy: { outside: true } };
  const text = notebook([
    cell('o1', 'import os', { metadata: outside }),
    header('h1', 'load'),
    cell('x', 'x = 1'),
    cell('o2', 'x', { metadata: outside }),
    cell('n', 'typed below'),
    header('h2', 'clean'),
    cell('y', 'y = x'),
  ]);
  const plan = openPlan(text, []);
  assert.ok(!isConflict(plan));
  assert.deepEqual(
    plan.added.map(({ name, text: made }) => [name, cellsIn(made).map(({ id }) => id)]),
    [
      ['load', ['x']],
      ['clean', ['y']],
    ],
  );
  const after = submitted(plan, []);
  assert.deepEqual(
    cellsIn(after.flow).map(({ id }) => id),
    ['o1', 'h1', 'x', 'o2', 'n', 'h2', 'y'],
  );
  const byId = new Map(cellsIn(after.flow).map(each => [each.id, each.metadata['dagpy']]));
  assert.deepEqual(byId.get('n'), { outside: true });
  assert.equal(byId.get('x'), undefined);
  const again = openPlan(labSave(after.flow), after.blocks);
  assert.ok(!isConflict(again));
  assert.deepEqual([again.changed, again.added, again.headers], [[], [], []]);
});

test('a block that was deleted and came back by an undo is the same block', () => {
  const plan = openPlan(
    notebook([header('h', 'load'), cell('x', 'x = 1'), header('g', 'b'), cell('y', '2')]),
    [],
  );
  assert.ok(!isConflict(plan));
  const { blocks, flow } = submitted(plan, []);
  const without = labSave(flow, each => void each.cells.splice(0, 2));
  const left = openPlan(without, blocks);
  assert.ok(!isConflict(left));
  assert.deepEqual(left.left, ['load']);
  const shorter = submitted(left, blocks);
  const undone = labSave(shorter.flow, each => void each.cells.unshift(...cellsIn(flow).slice(0, 2)));
  const back = openPlan(undone, shorter.blocks);
  assert.ok(!isConflict(back));
  assert.deepEqual([back.changed, back.added, back.left], [[], [], []]);
});

test('cells of a block that the project lost stay in the flow, and wait', () => {
  const plan = openPlan(
    notebook([header('h', 'load'), cell('x', 'x = 1'), header('g', 'b'), cell('y', '2')]),
    [],
  );
  assert.ok(!isConflict(plan));
  const { blocks, flow } = submitted(plan, []);
  const fewer = blocks.slice(1);
  const text = labSave(flow, each => void (each.cells[3]!.source = '3'));
  const asleep = openPlan(text, fewer);
  assert.ok(!isConflict(asleep));
  const after = submitted(asleep, fewer);
  assert.deepEqual(cellsIn(after.flow).map(sourceOf), cellsIn(text).map(sourceOf));
  const awake = openPlan(labSave(after.flow), [blocks[0]!, after.blocks[0]!]);
  assert.ok(!isConflict(awake));
  assert.deepEqual([awake.changed, awake.added], [[], []]);
});

const out = (text: string) => [{ output_type: 'stream', name: 'stdout', text: [text] }];

test('what a run that is not over has shown so far is not written, and goes once it is over', () => {
  const plan = openPlan(notebook([header('h', 'load'), cell('x', 'x = 1')]), []);
  assert.ok(!isConflict(plan));
  const { blocks, flow } = submitted(plan, []);
  const live = labSave(flow, ({ cells }) => {
    cells[1]!.outputs = out('half');
    cells[1]!.metadata = { dagpy: { block: 'fresh1', live: true } };
  });
  const during = openPlan(live, blocks);
  assert.ok(!isConflict(during));
  assert.deepEqual(during.changed, []);
  // An editor in which it runs goes on showing what the run says.
  const shown = submitted(during, blocks).flow;
  assert.deepEqual(cellsIn(shown)[1]!.outputs, []);
  const done = blocks.map(block => ({
    ...block,
    text: labSave(block.text, ({ cells }) => void (cells[0]!.outputs = out('whole'))),
  }));
  for (const text of [live, labSave(shown)]) {
    const after = openPlan(text, done);
    assert.ok(!isConflict(after));
    assert.deepEqual(after.changed, []);
    assert.deepEqual(cellsIn(after.broughtIn())[1]!.outputs, out('whole'));
    assert.deepEqual(cellsIn(submitted(after, done).flow)[1]!.metadata, { dagpy: { block: 'fresh1' } });
  }
});

test('a run that showed nothing new: the flow shows what it showed before', () => {
  const plan = openPlan(notebook([header('h', 'load'), cell('x', 'x = 1')]), []);
  assert.ok(!isConflict(plan));
  const { blocks, flow } = submitted(plan, []);
  const done = blocks.map(block => ({
    ...block,
    text: labSave(block.text, ({ cells }) => void (cells[0]!.outputs = out('1'))),
  }));
  const before = openPlan(flow, done);
  assert.ok(!isConflict(before));
  const shows = submitted(before, done).flow;
  assert.deepEqual(cellsIn(shows)[1]!.outputs, out('1'));
  const cleared = labSave(shows, ({ cells }) => {
    cells[1]!.outputs = [];
    cells[1]!.metadata = { dagpy: { block: 'fresh1', live: true } };
  });
  const after = openPlan(cleared, done);
  assert.ok(!isConflict(after));
  assert.deepEqual(after.changed, []);
  const { flow: again } = submitted(after, done);
  assert.deepEqual(cellsIn(again)[1]!.outputs, out('1'));
  assert.deepEqual(cellsIn(again)[1]!.metadata, { dagpy: { block: 'fresh1' } });
});

test('what a run has shown so far stays marked where two versions of its cell stand', () => {
  const plan = openPlan(notebook([header('h', 'load'), cell('x', 'x = 1')]), []);
  assert.ok(!isConflict(plan));
  const { blocks, flow } = submitted(plan, []);
  const mine = labSave(flow, ({ cells }) => {
    cells[1]!.source = 'x = 2';
    cells[1]!.outputs = out('half');
    cells[1]!.metadata = { dagpy: { block: 'fresh1', live: true } };
  });
  const theirs = blocks.map(block => ({
    ...block,
    text: labSave(block.text, ({ cells }) => void (cells[0]!.source = 'x = 3')),
  }));
  const disputed = openPlan(mine, theirs);
  assert.ok(isConflict(disputed));
  const [, own, other] = cellsIn(disputed.flowText);
  assert.deepEqual([sourceOf(own!), own!.metadata], ['x = 2', { dagpy: { block: 'fresh1', live: true } }]);
  assert.deepEqual(sourceOf(other!), 'x = 3');
});

test('two pages of a flow: what one saved while a run cleared its cells is not what the other one shows', () => {
  interface Shown {
    readonly source: string;
    readonly outputs: readonly unknown[];
    readonly isLive: boolean;
  }
  const marks = (isLive: boolean): LabCell['metadata'] => ({
    dagpy: { block: 'b', ...(isLive ? { live: true } : {}) },
  });
  const merged = (...versions: readonly [base: Shown, mine: Shown, disk: Shown]): Shown => {
    const [base, mine, disk] = versions.map(({ source, outputs, isLive }) =>
      notebookOf(notebook([{ ...cell('x', source), outputs: [...outputs], metadata: marks(isLive) }])),
    );
    const { content } = mergeNotebook({ base: base!, mine: mine!, disk: disk! }, digest);
    const [found] = cellsIn(JSON.stringify(content));
    const isLive = isDeepStrictEqual(found!.metadata, marks(true));
    if (!isLive) assert.deepEqual(found!.metadata, marks(false));
    return { source: sourceOf(found!), outputs: found!.outputs ?? [], isLive };
  };
  const was: Shown = { source: 'x = 1', outputs: out('1'), isLive: false };
  const live: Shown = { source: 'x = 1', outputs: [], isLive: true };
  // The run is over here, and the other page saved before it was.
  assert.deepEqual(merged(was, was, live), was);
  // It is not over here.
  assert.deepEqual(merged(was, live, was), live);
  assert.deepEqual(merged(was, live, live), live);
  assert.deepEqual(merged(live, live, was), live);
  // The other page also edited the cell.
  const source = 'x = 2';
  assert.deepEqual(merged(was, live, { ...was, source }), { ...live, source });
  assert.deepEqual(merged(was, was, { ...live, source }), { ...was, source });
});

test('what makes a cell part of a flow is of the page that changed it', () => {
  const moved = (text: string, metadata: LabCell['metadata']): LabCell => ({
    ...cell('x', 'x'),
    outputs: out(text),
    metadata,
  });
  const [inside, outside] = [{ dagpy: { block: 'b' } }, { dagpy: { outside: true } }];
  const of = (base: LabCell, mine: LabCell, disk: LabCell): object => {
    const [before, editor, file] = [base, mine, disk].map(each => notebookOf(notebook([each])));
    const { content } = mergeNotebook({ base: before!, mine: editor!, disk: file! }, digest);
    return cellsIn(JSON.stringify(content))[0]!.metadata;
  };
  const was = moved('1', inside);
  assert.deepEqual(of(was, was, moved('1', outside)), outside);
  assert.deepEqual(of(was, moved('1', outside), was), outside);
  // Also where it was run on the other page.
  assert.deepEqual(of(was, moved('1', outside), moved('2', inside)), outside);
  assert.deepEqual(of(moved('1', outside), moved('1', outside), moved('2', outside)), outside);
});

test('a block notebook that changed on disk while it was edited: both survive, whatever was done', () => {
  fc.assert(
    fc.property(oddNotebook('c', 'u', [5]), edits, edits, (text, mine, theirs) => {
      const base = notebookOf(labSave(text));
      const editor = notebookOf(edited(base.text, mine, 'mine'));
      const disk = notebookOf(edited(text, theirs, 'theirs'));
      const merged = mergeNotebook({ base, mine: editor, disk }, digest);
      const result = JSON.stringify(merged.content);
      for (const mark of marks([editor.text], 'mine')) assert.ok(result.includes(mark), `${mark} is lost`);
      for (const mark of marks([disk.text], 'theirs')) assert.ok(result.includes(mark), `${mark} is lost`);
      const ids = cellsIn(result).map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      const shape = (content: string) => cellsIn(content).map(each => [each.cell_type, sourceOf(each)]);
      if (mine.length === 0) assert.deepEqual(shape(result), shape(disk.text));
      if (theirs.length === 0) assert.deepEqual(shape(result), shape(editor.text));
      assert.deepEqual(shape(JSON.stringify(merged.base)), shape(disk.text));
    }),
    { numRuns: 400 },
  );
});

test('both changed one cell: the other version stands below it', () => {
  const base = notebookOf(notebook([cell('x', 'x = 1'), cell('y', 'y = 1')]));
  const mine = notebookOf(notebook([cell('x', 'x = 2'), cell('y', 'y = 1')]));
  const disk = notebookOf(notebook([cell('x', 'x = 3'), cell('y', 'y = 4')]));
  const { content, conflicts } = mergeNotebook({ base, mine, disk }, digest);
  const cells = cellsIn(JSON.stringify(content));
  assert.deepEqual(cells.map(sourceOf), ['x = 2', 'x = 3', 'y = 4']);
  assert.deepEqual(cells[1]!.metadata, { dagpy: { conflict: 'x' } });
  assert.deepEqual(conflicts, [1]);
});

test('both changed a version of a cell of which none is chosen yet: it is one more version of that cell', () => {
  const other = (source: string): LabCell => ({
    ...cell('x-now', source),
    metadata: { dagpy: { conflict: 'x' } },
  });
  const [base, mine, disk] = ['x = 2', 'x = 3', 'x = 4'].map(source =>
    notebookOf(notebook([cell('x', 'x = 1'), other(source)])),
  );
  const { content } = mergeNotebook({ base: base!, mine: mine!, disk: disk! }, digest);
  const cells = cellsIn(JSON.stringify(content));
  assert.deepEqual(cells.map(sourceOf), ['x = 1', 'x = 3', 'x = 4']);
  assert.deepEqual(
    cells.map(({ metadata }) => metadata),
    [{}, { dagpy: { conflict: 'x' } }, { dagpy: { conflict: 'x' } }],
  );
});

test('pages that brought in what a block was, each at a time of its own, have not edited it', () => {
  const flowOf = (source: string): string =>
    compose([{ uid: 'uid-a', id: 'a', text: notebook([cell('x', source)]) }]);
  const merged = (mine: string, disk: string) => {
    const [base, open, file] = [flowOf('x = 1'), mine, disk].map(text => notebookOf(text));
    return cellsIn(JSON.stringify(mergeNotebook({ base: base!, mine: open!, disk: file! }, digest).content))
      .slice(1)
      .map(sourceOf);
  };
  const edit = (text: string, source: string): string =>
    labSave(text, ({ cells }) => void (cells[1]!.source = source));
  const [second, third] = [flowOf('x = 2'), flowOf('x = 3')];
  assert.deepEqual(merged(second, third), ['x = 3']);
  assert.deepEqual(merged(second, edit(second, 'x = 2 # theirs')), ['x = 2 # theirs']);
  assert.deepEqual(merged(edit(second, 'x = 2 # mine'), second), ['x = 2 # mine']);
  // It was made of another version than what stands there by now: that is for a person to decide.
  assert.deepEqual(merged(edit(second, 'x = 2 # mine'), third), ['x = 2 # mine', 'x = 3']);
});

test('what a page saved and another one brought into the block is what the next edit comes from', () => {
  const blocksWith = (source: string): readonly Block[] => [
    { uid: 'uid-a', id: 'a', text: notebook([cell('x', source)]) },
  ];
  const edited = labSave(compose(blocksWith('x = 1')), ({ cells }) => void (cells[1]!.source = 'x = 3'));
  const [saved, savedAgain, other] = [['x = 2'], ['x = 1.5', 'x = 2', 'x = 2.5'], ['x = 9']].map(
    sources =>
      new Map([
        ['x', new Set(sources.map(source => digestsOf(JSON.stringify(cell('x', source)), digest).content))],
      ]),
  );
  const blocks = blocksWith('x = 2');
  for (const states of [saved, savedAgain]) {
    const outcome = openPlan(edited, blocks, states);
    assert.ok(!isConflict(outcome));
    assert.deepEqual(cellsIn(outcome.changed[0]!.text).map(sourceOf), ['x = 3']);
  }
  // What stands in the block is of somebody else.
  assert.ok(isConflict(openPlan(edited, blocks, other)));
  assert.ok(isConflict(openPlan(edited, blocks)));
});

test('what came in from a block stays what it is when another page saves the flow: a checkout after it is not undone', () => {
  const flowOf = (load: string, clean: string): string =>
    compose([
      { uid: 'uid-a', id: 'a', text: notebook([cell('x', load)]) },
      { uid: 'uid-b', id: 'b', text: notebook([cell('y', clean)]) },
    ]);
  const base = flowOf('x = 2', 'y = 1');
  // One page brought in that the first block is another one; the other page edited the second block, and saved.
  const mine = flowOf('x = 1', 'y = 1');
  const disk = labSave(base, ({ cells }) => void (cells[3]!.source = 'y = 9'));
  const { content, conflicts } = mergeNotebook(
    { base: notebookOf(base), mine: notebookOf(mine), disk: notebookOf(disk) },
    digest,
  );
  assert.deepEqual(conflicts, []);
  const text = JSON.stringify(content);
  const sources = (cells: string): readonly string[] => cellsIn(cells).map(sourceOf);
  assert.deepEqual([sources(text)[1], sources(text)[3]], ['x = 1', 'y = 9']);
  for (const load of ['x = 1', 'x = 2', 'x = 3']) {
    const blocks: readonly Block[] = [
      { uid: 'uid-a', id: 'a', text: notebook([cell('x', load)]) },
      { uid: 'uid-b', id: 'b', text: notebook([cell('y', 'y = 1')]) },
    ];
    const outcome = openPlan(text, blocks);
    assert.ok(!isConflict(outcome), load);
    const after = submitted(outcome, blocks);
    assert.deepEqual(
      after.blocks.map(block => sources(block.text)),
      [[load], ['y = 9']],
    );
    assert.deepEqual([sources(after.flow)[1], sources(after.flow)[3]], [load, 'y = 9']);
  }
});
