/** Merged and split blocks in dag.json: every edit gives a project that can run, and loses nothing that was said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildGraph } from '../../../src/engine/index.js';
import { mergeBlocks } from '../../../src/engine/restructure/mergeBlocks.js';
import { splitBlock } from '../../../src/engine/restructure/splitBlock.js';
import type { CellFacts } from '../../../src/protocol/cellFacts.js';
import type { DagFile } from '../../../src/protocol/dagFile.js';
import { decodeDagFile, editDagFile, type DagEdit } from '../../../src/protocol/dagFileCodec/index.js';
import { blockId, type Digest } from '../../../src/protocol/ids.js';

const FILE = { file: 'dag.json' };

function decoded(text: string): DagFile {
  const read = decodeDagFile(text, FILE);
  assert.ok(read.ok, read.ok ? '' : JSON.stringify(read.problems));
  return read.value.dag;
}

function after(text: string, edits: readonly DagEdit[]): DagFile {
  const edited = editDagFile(text, edits, FILE);
  assert.ok(edited.ok, edited.ok ? '' : JSON.stringify(edited.problems));
  const dag = decoded(edited.value);
  assert.ok(buildGraph(dag).ok);
  return dag;
}

const textOf = (blocks: object, more: object = {}): string =>
  JSON.stringify({ version: 1, name: 't', ...more, blocks }, null, 2);

/** Six blocks, each reading some before it; orders without values among them. */
const project = fc
  .array(
    fc.record({
      parents: fc.uniqueArray(fc.nat(5), { maxLength: 3 }),
      after: fc.uniqueArray(fc.nat(5), { maxLength: 1 }),
      filter: fc.constantFrom('auto', 'off', ['x'], ['y', 'z*']),
      inputs: fc.constantFrom([], ['a.csv'], ['b/*.csv']),
      run: fc.constantFrom('auto', 'auto', 'always'),
      tags: fc.constantFrom({}, { k: 'v' }),
    }),
    { minLength: 6, maxLength: 6 },
  )
  .map(entries =>
    Object.fromEntries(
      entries.map(({ parents, after: waits, ...rest }, at) => [
        `b${String(at)}`,
        {
          notebook: `b${String(at)}.ipynb`,
          parents: parents.filter(parent => parent < at).map(parent => `b${String(parent)}`),
          after: waits
            .filter(other => other < at && !parents.includes(other))
            .map(other => `b${String(other)}`),
          ...rest,
        },
      ]),
    ),
  );

/** Every pair of blocks of which one comes before the other, whatever lies between. */
function reachable(dag: DagFile): ReadonlySet<string> {
  const pairs = new Set<string>();
  const above = (id: string): readonly string[] => {
    const block = dag.blocks.find(each => each.id === id)!;
    return [...block.parents.map(edge => edge.block as string), ...block.after];
  };
  for (const { id } of dag.blocks) {
    const open = [...above(id)];
    for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
      if (pairs.has(`${parent} ${id}`)) continue;
      pairs.add(`${parent} ${id}`);
      open.push(...above(parent));
    }
  }
  return pairs;
}

test('merging any two blocks gives a graph with all their edges, or says what lies between', () => {
  let refused = 0;
  fc.assert(
    fc.property(project, fc.nat(5), fc.nat(5), (blocks, one, two) => {
      fc.pre(one !== two);
      const [into, other] = [`b${String(one)}`, `b${String(two)}`];
      const text = textOf(blocks);
      const before = decoded(text);
      const merged = mergeBlocks(before, blockId(into), blockId(other), () => []);
      if (!merged.ok) {
        refused += 1;
        assert.match(merged.problems[0]!.message, /lies between/);
        return;
      }
      const dag = after(text, merged.value.edits);
      const name = (id: string): string => (id === other ? into : id);
      const now = reachable(dag);
      for (const pair of reachable(before)) {
        const [above, below] = pair.split(' ').map(name) as [string, string];
        if (above !== below) assert.ok(now.has(`${above} ${below}`), `${pair} is lost`);
      }
      const find = (id: string) => before.blocks.find(block => block.id === id)!;
      const kept = dag.blocks.find(block => block.id === into)!;
      assert.deepEqual(new Set(kept.inputs), new Set([...find(into).inputs, ...find(other).inputs]));
      assert.equal(
        kept.run === 'always',
        [find(into), find(other)].some(({ run }) => run === 'always'),
      );
      assert.equal(kept.notebook, find(into).notebook);
      assert.deepEqual(
        dag.blocks.map(({ id }) => id),
        before.blocks.map(({ id }) => id).filter(id => id !== other),
      );
    }),
    { numRuns: 2_000 },
  );
  assert.ok(refused > 50);
});

test('a merge that would be a circle names the path', () => {
  const text = textOf({
    a: { notebook: 'a.ipynb' },
    b: { notebook: 'b.ipynb', parents: ['a'] },
    c: { notebook: 'c.ipynb', parents: ['b'] },
  });
  const merged = mergeBlocks(decoded(text), blockId('a'), blockId('c'), () => []);
  assert.ok(!merged.ok);
  assert.match(merged.problems[0]!.message, /between a and c.*a.*b.*a/s);
});

const facts = (entry: Partial<CellFacts>): CellFacts => ({
  digest: '' as Digest,
  empty: false,
  loads: [],
  binds: entry.mayBind ?? [],
  mayBind: [],
  deletes: [],
  mayMutate: [],
  stringNames: [],
  paths: [],
  dynamic: [],
  bindsUnknown: [],
  starImports: [],
  imports: [],
  importedNames: [],
  importedFrom: {},
  magics: [],
  setsEnvironment: false,
  setUp: false,
  chains: [],
  history: [],
  functions: [],
  steps: [],
  remarks: [],
  syntaxError: null,
  ...entry,
});

function split(
  blocks: object,
  cells: Readonly<Record<string, readonly CellFacts[]>>,
  first: number,
): Readonly<Record<string, { readonly parents: readonly unknown[]; readonly after: readonly string[] }>> {
  const text = textOf(blocks);
  const dag = decoded(text);
  const edits = splitBlock({
    dag,
    block: dag.blocks.find(({ id }) => id === 'a')!,
    id: 'z',
    notebook: 'z.ipynb',
    first: cells['a']!.slice(0, first),
    second: cells['a']!.slice(first),
    factsOf: id => cells[id] ?? [],
  });
  return Object.fromEntries(
    after(text, edits).blocks.map(({ id, parents, after: waits }) => [
      id,
      {
        parents: parents.map(({ block, use }) =>
          use === undefined ? block : [block, Object.fromEntries(use)],
        ),
        after: waits,
      },
    ]),
  );
}

const reads = (...loads: string[]): CellFacts => facts({ loads });
const makes = (...mayBind: string[]): CellFacts => facts({ mayBind });

test('children go with what they read', () => {
  const blocks = {
    a: { notebook: 'a.ipynb' },
    one: { notebook: 'one.ipynb', parents: ['a'] },
    two: { notebook: 'two.ipynb', parents: ['a'] },
    both: { notebook: 'both.ipynb', parents: ['a'] },
    use: { notebook: 'use.ipynb', parents: [{ block: 'a', use: { x: 'u', y: 'v' } }] },
    wait: { notebook: 'wait.ipynb', after: ['a'] },
  };
  const cells = {
    a: [makes('x'), facts({ loads: ['x'], mayBind: ['y'] })],
    one: [reads('x')],
    two: [reads('y')],
    both: [reads('x', 'y')],
    use: [reads('u', 'v')],
  };
  const dag = split(blocks, cells, 1);
  assert.deepEqual(dag['z'], { parents: ['a'], after: [] });
  assert.deepEqual(dag['one']!.parents, ['a']);
  assert.deepEqual(dag['two']!.parents, ['z']);
  assert.deepEqual(dag['both']!.parents, ['a', 'z']);
  assert.deepEqual(dag['use']!.parents, [
    ['a', { x: 'u' }],
    ['z', { y: 'v' }],
  ]);
  assert.deepEqual(dag['wait']!.after, ['a', 'z']);
});

test('what is no variable counts: generators and options, changes in place, code that may read anything', () => {
  const blocks = { a: { notebook: 'a.ipynb' }, child: { notebook: 'child.ipynb', parents: ['a'] } };
  const child = [reads('x')];
  const seeds = facts({ chains: ['np.random.seed'] });
  const parts = (...cells: readonly CellFacts[]) => split(blocks, { a: cells, child }, 1);
  assert.deepEqual(parts(makes('x'), makes('y'))['z'], { parents: [], after: ['a'] });
  assert.deepEqual(parts(makes('x'), makes('y'))['child']!.parents, ['a']);
  assert.deepEqual(parts(seeds, makes('x'))['z']!.parents, ['a']);
  assert.deepEqual(parts(makes('x'), seeds)['child']!.parents, ['a', 'z']);
  assert.deepEqual(parts(makes('x'), facts({ loads: ['x'], mayMutate: ['x'] }))['child']!.parents, [
    'a',
    'z',
  ]);
  assert.deepEqual(parts(makes('x'), facts({ dynamic: ['eval'] }))['z']!.parents, ['a']);
  const star = facts({ dynamic: ['star import'], bindsUnknown: ['star import'] });
  assert.deepEqual(parts(makes('w'), star)['child']!.parents, ['z']);
  const picks = { ...blocks, child: { notebook: 'child.ipynb', parents: [{ block: 'a', use: { x: 'u' } }] } };
  const picked = split(picks, { a: [makes('x'), seeds], child: [reads('u')] }, 1);
  assert.deepEqual(picked['child']!.parents, [
    ['a', { x: 'u' }],
    ['z', {}],
  ]);
});

test('one block has one variable of a name', () => {
  const text = textOf({
    a: { notebook: 'a.ipynb', parents: ['p'] },
    p: { notebook: 'p.ipynb' },
    q: { notebook: 'q.ipynb' },
    b: { notebook: 'b.ipynb', parents: ['q'] },
  });
  const told = (cells: Readonly<Record<string, readonly CellFacts[]>>): string => {
    const merged = mergeBlocks(decoded(text), blockId('a'), blockId('b'), id => cells[id] ?? []);
    return merged.ok ? '' : merged.problems[0]!.message;
  };
  const [p, q, b] = [[makes('x')], [makes('x', 'y')], [reads('x')]];
  assert.match(
    told({ p, q, a: [makes('x')], b }),
    /b reads x of q, and in one block with a it would be that of a/,
  );
  assert.match(told({ p, q, a: [reads('x')], b }), /that of p/);
  assert.equal(told({ p, q, a: [makes('x')], b: [reads('y')] }), '');
  assert.equal(told({ p, q: [makes('y')], a: [makes('x')], b }), '', 'it has it from nowhere yet');
  const np = facts({ mayBind: ['x'], importedNames: ['x'] });
  assert.equal(told({ p: [np], q: [np], a: [np], b }), '', 'an import is the same everywhere');
});
