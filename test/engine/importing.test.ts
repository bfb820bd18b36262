import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planImport, type ImportBlock, type ImportCell } from '../../src/engine/importing/plan.js';
import type { FormerBookkeeping, FormerFilter } from '../../src/protocol/formerProject/index.js';

interface Sketch {
  readonly parents?: readonly string[];
  /** Names, or `off`. */
  readonly filter?: readonly string[] | 'off';
  readonly cells?: readonly (string | readonly [FormerBookkeeping, string])[];
  readonly file?: string;
}

function plan(blocks: Readonly<Record<string, Sketch>>, kind: 'project' | 'flow' = 'project') {
  return planImport({
    file: 'p.dagpy',
    kind,
    blocks: Object.entries(blocks).map(
      ([id, { parents = [], filter = [], cells = [], file }], place): ImportBlock => {
        const former: FormerFilter = filter === 'off' ? { kind: 'off' } : { kind: 'names', names: filter };
        return {
          former: {
            id,
            parents,
            filter: former,
            file: file ?? `${id}.ipynb`,
            description: '',
            place: { file: 'p.dagpy', line: place + 1 },
          },
          notebook: file ?? `${id}.ipynb`,
          cells: cells.map((cell, index): ImportCell =>
            typeof cell === 'string'
              ? { index, kind: 'code', source: cell, isMarked: false }
              : { index, kind: 'code', source: cell[1], bookkeeping: cell[0], isMarked: false },
          ),
        };
      },
    ),
  });
}

const edges = (proposal: ReturnType<typeof plan>) =>
  proposal.blocks.flatMap(block =>
    block.parents.map(
      parent =>
        `${parent.block}>${block.id} ${[...(parent.use ?? [])].map(([theirs, mine]) => `${theirs}=${mine}`).join(',')}`,
    ),
  );
const codes = (proposal: ReturnType<typeof plan>) => proposal.warnings.map(({ code }) => code);

test('every variable on a filter is called <parent>_<variable> in the children', () => {
  const proposal = plan({
    D: { parents: ['B', 'C'] },
    A: { filter: ['x', 'y'] },
    B: { parents: ['A'], filter: ['A_x'] },
    C: { parents: ['A'] },
  });
  assert.deepEqual(codes(proposal), []);
  assert.deepEqual(edges(proposal), ['B>D A_x=B_A_x', 'C>D ', 'A>B x=A_x,y=A_y', 'A>C x=A_x,y=A_y']);
  assert.deepEqual(
    proposal.blocks.map(block => block.id),
    ['D', 'A', 'B', 'C'],
  );
});

test('a session that is handed on has no names to pick from', () => {
  const proposal = plan({ A: { filter: 'off' }, B: { parents: ['A'] } });
  assert.equal(proposal.blocks[0]?.filter.kind, 'off');
  assert.equal(proposal.blocks[1]?.parents[0]?.use, undefined);
});

test('generated cells are left out, all others stay', () => {
  const proposal = plan({
    A: {
      cells: [['input_filter', 'import dill'], 'a', 'b', ['output_filter', 'import dill\nimport os'], 'c'],
    },
  });
  assert.deepEqual(proposal.blocks[0]?.cellIndexes, [1, 2, 4]);
  assert.deepEqual(codes(proposal), []);
});

test('names that are no ids become some, and the aliases stay those of the old names', () => {
  const proposal = plan({
    'load data': { filter: ['df'] },
    all: {},
    a: {},
    A: {},
    日本: { filter: ['x'] },
    'load-data': {},
    end: { parents: ['load data', '日本'] },
  });
  assert.deepEqual(
    proposal.blocks.map(block => block.id),
    ['load-data-2', 'all-block', 'a', 'a-2', '日本', 'load-data', 'end'],
  );
  assert.deepEqual(edges(proposal), ['load-data-2>end df=load_data_df', '日本>end x=日本_x']);
  assert.deepEqual(codes(proposal).sort(), ['import-alias', ...Array<string>(3).fill('import-renamed')]);
});

test('of two variables under one name the last loaded counts', () => {
  const proposal = plan({ A: { filter: ['b_c'] }, A_b: { filter: ['c'] }, end: { parents: ['A', 'A_b'] } });
  assert.deepEqual(edges(proposal), ['A>end ', 'A_b>end c=A_b_c']);
  assert.deepEqual(codes(proposal), ['import-alias']);
});

test('what is no variable is left out of a filter', () => {
  const proposal = plan({ A: { filter: ['x', 'df.head()', 'stats_*', 'class'] }, B: { parents: ['A'] } });
  assert.deepEqual(proposal.blocks[0]?.filter, { kind: 'names', patterns: ['x'] });
  assert.deepEqual(codes(proposal), Array(3).fill('import-filter'));
});

test('what the generated cells do beyond the project file is told', () => {
  const load = "A_x = dill.load(open('cache/A_x.dill','rb'))\nA_y = dill.load(open('cache/A_y.dill','rb'))";
  const proposal = plan({
    A: { filter: ['x'] },
    B: {
      parents: ['A'],
      cells: [
        ['input_filter', `# made\r\nimport dill\r\n${load}\nprint(A_y)`],
        [
          'output_filter',
          "os.makedirs(os.path.dirname('cache/B_z.dill'), exist_ok=True)\ndill.dump(z, open('cache/B_z.dill', 'wb+'))",
        ],
      ],
    },
  });
  assert.deepEqual(codes(proposal), ['import-stale-input', 'import-own-line']);
  assert.deepEqual([proposal.warnings[0]?.file, proposal.warnings[0]?.cell], ['B.ipynb', 1]);
});

test('code that relied on the original is told', () => {
  const proposal = plan({
    A: {
      cells: ["d = dill.loads(b'')", "open('cache/X_y.dill')", 'start_new_dagpy_block()', "os.chdir('x')"],
    },
    B: { parents: ['A'], cells: ['import dill', 'dill.loads(s)', "os.chdir('x')"] },
  });
  assert.deepEqual(codes(proposal), ['import-dill', 'import-cache-read', 'import-header', 'import-setting']);
});

test('two blocks of one notebook get a copy each', () => {
  assert.deepEqual(codes(plan({ A: { file: 'x.ipynb' }, B: { file: 'x.ipynb' } })), ['import-same-notebook']);
  assert.deepEqual(codes(plan({ A: { file: 'x.ipynb' }, B: { file: 'x.ipynb' } }, 'flow')), []);
});

test('missing parents and circles are refused with their place', () => {
  const [missing] = plan({ A: {}, B: { parents: ['A', 'Z'] } }).problems;
  assert.deepEqual([missing?.code, missing?.file, missing?.line], ['unknown-parent', 'p.dagpy', 2]);
  assert.match(plan({ B: { parents: ['Z'] } }, 'flow').problems[0]?.remedy ?? '', /\.dagpy/);
  const [circle] = plan({
    X: {},
    A: { parents: ['C'] },
    B: { parents: ['A'] },
    C: { parents: ['B', 'X'] },
  }).problems;
  assert.equal(circle?.code, 'cycle');
  assert.match(circle.message, /([ABC]) → [ABC] → [ABC] → \1$/);
  assert.match(plan({ A: { parents: ['A'] } }).problems[0]?.message ?? '', /A → A/);
});

test('a cycle is found exactly where there is one', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const graphs = fc.array(fc.subarray(ids), { minLength: ids.length, maxLength: ids.length });
  fc.assert(
    fc.property(graphs, rows => {
      const { problems } = plan(
        Object.fromEntries(ids.map((id, index) => [id, { parents: rows[index] ?? [] }])),
      );
      const left = new Set(ids);
      for (let before = -1; before !== left.size;) {
        before = left.size;
        for (const id of left)
          if ((rows[ids.indexOf(id)] ?? []).every(parent => !left.has(parent))) left.delete(id);
      }
      assert.equal(
        problems.some(({ code }) => code === 'cycle'),
        left.size > 0,
      );
    }),
  );
});
