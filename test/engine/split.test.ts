import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headings } from '../../src/engine/split/headings.js';
import { blockIds, slug } from '../../src/engine/split/slug.js';
import { codes, edges, filters, split } from './splitProject.js';

test('headings as CommonMark reads them', () => {
  const found = (text: string) => headings(text).map(({ level, text: title }) => `${String(level)} ${title}`);
  assert.deepEqual(found('# One\n\n## Two ##\n#Not\n####### Not'), ['1 One', '2 Two']);
  assert.deepEqual(found('One\n===\n\nTwo words\nmore\n---\n\n---'), ['1 One', '2 Two words more']);
  assert.deepEqual(found('```\n# no\n```\n# yes\n~~~py\n# no\n```\n# no\n~~~\n## also'), ['1 yes', '2 also']);
  assert.deepEqual(found('- item\n---\n| a |\n---\n> q\n---'), []);
  assert.deepEqual(found('# [Link](http://a) and `code` **bold**'), ['1 Link and code bold']);
  assert.deepEqual(found('<h2 id="x">In HTML</h2>'), ['2 In HTML']);
});

test('ids are safe, unique and never empty', () => {
  assert.equal(slug('Ordinary Least Squares!'), 'ordinary-least-squares');
  assert.equal(slug('Überblick: Größe & naïve Œuvre'), 'uberblick-grosse-naive-oeuvre');
  assert.equal(slug('日本語'), '');
  assert.equal(slug('CON'), 'con-block');
  const long = slug('a very long heading with many many words that go on and on');
  assert.ok(long.length <= 40 && !long.endsWith('-'));
  assert.equal(slug('x'.repeat(90)).length, 40);
  assert.deepEqual(blockIds(['Fit', 'Fit', '日本語', null, 'fit!']), [
    'fit',
    'fit-2',
    'block-3',
    'block-4',
    'fit-3',
  ]);
  for (const id of blockIds(Array.from({ length: 12 }, () => 'y'.repeat(50))))
    assert.match(id, /^[a-z0-9-]{1,40}$/);
});

test('blocks hold every cell once, in order', () => {
  const proposal = split([
    '# T',
    'import os',
    '## A',
    'a = 1',
    '## B',
    '### only text',
    '## C',
    'c = a',
    '## End',
  ]);
  assert.deepEqual(
    proposal.blocks.flatMap(block => block.cellIndexes),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(
    proposal.blocks.map(block => block.id),
    ['set-up', 'a', 'c'],
  );
  assert.equal(proposal.prelude, 'set-up');
});

test('the coarsest level that divides the code well', () => {
  const proposal = split([
    '# T',
    '## A',
    'a=1',
    '### A1',
    'b=1',
    '## B',
    'c=1',
    '## C',
    'd=1',
    '### C1',
    'e=1',
  ]);
  assert.deepEqual(
    proposal.blocks.map(block => block.id),
    ['a', 'b', 'c'],
  );
  const flat = split(['# A', 'a=1', '# B', 'c=1', '# C', 'd=1', '## C1', 'e=1']);
  assert.deepEqual(
    flat.blocks.map(block => block.id),
    ['a', 'b', 'c'],
  );
});

test('no headings: one block a cell, and it is said', () => {
  const proposal = split(['# T', 'import os', 'a = 1', 'b = a']);
  assert.deepEqual(codes(proposal), ['no-headings']);
  assert.equal(proposal.blocks.length, 3);
});

test('tags start and join blocks', () => {
  const proposal = split(['# T', 'a = 1', 'b = 2', 'c = a', 'd = c'], 'tag', {
    1: 'load',
    2: 'load',
    3: 'fit',
  });
  assert.deepEqual(
    proposal.blocks.map(block => [block.id, block.cellIndexes]),
    [
      ['load', [0, 1, 2]],
      ['fit', [3, 4]],
    ],
  );
  assert.deepEqual(codes(split(['a = 1', 'b = 2', 'c = 3'], 'tag', { 0: 'x', 1: 'y', 2: 'x' })), [
    'tag-again',
  ]);
  assert.deepEqual(codes(split(['a = 1'], 'tag')), ['no-tags']);
});

test('nothing to split is refused, with what to do', () => {
  assert.deepEqual(codes(split(['# T', '#% nothing'])), ['no-code']);
  const [refusal] = split(['a = 1', 'b = ('], 'cell').refusals;
  assert.equal(refusal?.code, 'syntax-error');
  assert.equal(refusal.cell, 2);
});

test('an edge leads to the last block that bound what is read', () => {
  const proposal = split(['a = 1', 'a = 2\nb = 1', 'print(a)', 'print(b)', 'c = 1'], 'cell');
  assert.deepEqual(edges(proposal), {
    start: '',
    'block-2': '',
    'block-3': 'block-2',
    'block-4': 'block-2',
    'block-5': '',
  });
  assert.deepEqual(filters(proposal), {
    start: 'auto',
    'block-2': 'a,b',
    'block-3': 'auto',
    'block-4': 'auto',
    'block-5': 'auto',
  });
});

test('who changes a variable in place hands it on', () => {
  const proposal = split(['xs = [1]', 'xs.append(2)', 'print(xs)'], 'cell');
  assert.deepEqual(edges(proposal), { start: '', 'block-2': 'start', 'block-3': 'block-2' });
  assert.deepEqual(filters(proposal), { start: 'xs', 'block-2': 'xs', 'block-3': 'auto' });
});

test('a change through an alias reaches whoever reads the other name', () => {
  const proposal = split(['a = [0]\nc = a', 'c.append(7)', 'print(a)'], 'cell');
  assert.equal(edges(proposal)['block-3'], 'start block-2');
  assert.equal(filters(proposal)['block-2'], 'auto');
});

test('a function of another cell that changes what it is given', () => {
  const direct = split(['def f(x):\n  x.append(1)', 'xs = []', 'f(xs)', 'print(xs)'], 'cell');
  assert.equal(edges(direct)['block-3'], 'start block-2');
  assert.equal(edges(direct)['block-4'], 'block-3');
  const inner = split(
    ['def g(x):\n  x.append(1)\ndef f(y):\n  g(y)', 'xs = []', 'f(xs)', 'print(xs)'],
    'cell',
  );
  assert.equal(edges(inner)['block-4'], 'block-3');
  const global = split(['n = [0]\ndef f():\n  n[0] += 1', 'f()', 'print(n)'], 'cell');
  assert.equal(edges(global)['block-3'], 'start block-2');
  const method = split(
    ['class A:\n  def go(self):\n    self.n = 1', 'a = A()', 'r = a.go()', 'print(a)'],
    'cell',
  );
  assert.equal(edges(method)['block-4'], 'block-3');
});

test('globals that a called function reads are needed where it is called', () => {
  const proposal = split(
    ['def g(x):\n  return x + K', 'K = 10', 'print(g(1))', 'K = 99', 'print(g(1))'],
    'cell',
  );
  assert.equal(edges(proposal)['block-3'], 'start block-2');
  assert.equal(edges(proposal)['block-5'], 'start block-4');
});

test('a rebound global wins over the one that came with the function', () => {
  const proposal = split(['K = 10\ndef g(x):\n  return x + K', 'K = 99', 'print(g(1), K)'], 'cell');
  // the later one descends from the earlier, so it wins over the K that comes along with g
  assert.deepEqual(edges(proposal), { start: '', 'block-2': 'start', 'block-3': 'start block-2' });
});

test('two parents that both export a name: the edge leaves out the one that is not meant', () => {
  const proposal = split(['x = 1\ny = 2', 'print(x)', 'x = 3', 'print(x, y)'], 'cell');
  assert.deepEqual(edges(proposal), {
    start: '',
    'block-2': 'start',
    'block-3': '',
    'block-4': 'start{y} block-3',
  });
});

test('a name that may be bound keeps the block that surely binds it', () => {
  const proposal = split(['x = 1', 'if flag:\n  x = 2', 'print(x)'], 'cell');
  assert.equal(edges(proposal)['block-3'], 'start block-2');
  // the later one must win where both export it
  assert.equal(edges(proposal)['block-2'], 'start');
});

test('set-up that stands first is the prelude, and needs no edge', () => {
  const proposal = split(
    ['%matplotlib inline', 'import numpy as np', 'x = np.ones(3)', 'print(np.sum(x))'],
    'cell',
  );
  assert.equal(proposal.prelude, 'set-up');
  assert.deepEqual(edges(proposal), { 'set-up': '', 'block-2': '', 'block-3': 'block-2' });
  const again = split(
    ['import numpy as np', 'import numpy as np\nx = 1', 'print(np.sum(x))', 'y = np'],
    'cell',
  );
  assert.deepEqual(edges(again), { 'set-up': '', 'block-2': '', 'block-3': 'block-2', 'block-4': '' });
});

test('a seed is no set-up, what stands before it is', () => {
  const proposal = split([
    '# T',
    '%matplotlib inline',
    'import numpy as np\nnp.random.seed(0)',
    '## A',
    'x = np.random.rand()',
    '## B',
    'y = 1',
    '## C',
    'z = np.random.rand()',
  ]);
  assert.deepEqual(proposal.blocks[0]?.cellIndexes, [0, 1]);
  assert.deepEqual(edges(proposal), { 'set-up': '', t: '', a: 't', b: '', c: 't a' });
});

test('imports that seed are no prelude, and it is said why', () => {
  const seeded = ['# T', 'import numpy as np\nnp.random.seed(0)', '## A', 'x = np.random.rand()'];
  const proposal = split(seeded);
  assert.equal(proposal.prelude, undefined);
  const [remark] = proposal.warnings;
  assert.deepEqual([remark?.code, remark?.cell], ['no-prelude', 2]);
  assert.match(remark?.message ?? '', /np\.random\.seed/);
  assert.match(remark?.remedy ?? '', /cell of its own/);
  const apart = ['# T', 'import numpy as np', 'np.random.seed(0)', '## A', 'x = np.random.rand()'];
  assert.deepEqual([split(apart).prelude, codes(split(apart))], ['set-up', []]);
  assert.deepEqual(codes(split(['import math', 'import random\nrandom.seed(0)', 'x = 1'], 'cell')), []);
});

test('a block that starts processes is said to run every time', () => {
  const at = (...texts: string[]) =>
    split(['x = 1', ...texts], 'cell').warnings.map(({ code, cell }) => `${code} ${String(cell)}`);
  assert.deepEqual(at('!ls'), ['untracked 2']);
  assert.deepEqual(at('y = 1', '%%bash\nls'), ['untracked 3']);
  assert.deepEqual(at('import subprocess as sp\nsp.run(["ls"])'), ['untracked 2']);
  assert.deepEqual(at('import os\ndef f():\n  os.system("ls")', 'f()'), ['untracked 3']);
  assert.deepEqual(at('%matplotlib inline', '%time y = 1'), []);
});

test('a name of the prelude that is rebound comes from there', () => {
  const proposal = split(['from scipy import stats', 'print(stats)', 'stats = 1', 'print(stats)'], 'cell');
  assert.deepEqual(edges(proposal), { 'set-up': '', 'block-2': '', 'block-3': '', 'block-4': 'block-3' });
});

test('a later import is an ordinary edge', () => {
  assert.equal(edges(split(['x = 1', 'import math', 'math.pi'], 'cell'))['block-3'], 'block-2');
});

test('random generators are chained, each with its own', () => {
  const proposal = split(
    [
      'import random\nimport numpy as np',
      'np.random.seed(1)',
      'random.seed(1)',
      'np.random.rand()',
      'random.random()',
      'np.random.rand()',
      'np.random.default_rng(1)',
    ],
    'cell',
  );
  const found = edges(proposal);
  assert.equal(found['block-4'], 'block-2');
  assert.equal(found['block-5'], 'block-3');
  assert.equal(found['block-6'], 'block-4');
  assert.equal(found['block-7'], '');
});

test('a draw inside a function counts where it is called', () => {
  const proposal = split(
    [
      'import numpy as np',
      'def draw():\n  return np.random.rand()',
      'np.random.seed(0)',
      'a = draw()',
      'b = draw()',
    ],
    'cell',
  );
  assert.equal(edges(proposal)['block-3'], '');
  assert.equal(edges(proposal)['block-4'], 'block-2 block-3');
  assert.equal(edges(proposal)['block-5'], 'block-2 block-4');
});

test('options that are set late hold for everything after', () => {
  const proposal = split(
    ['x = 1', 'import pandas as pd\npd.set_option("display.width", 9)', 'y = 2'],
    'cell',
  );
  assert.equal(edges(proposal)['block-3'], 'block-2');
  assert.deepEqual(codes(split(['x = 1', "%config InlineBackend.figure_format = 'svg'"], 'cell')), [
    'not-carried',
  ]);
});

test('code that may read anything is linked to all that bind', () => {
  const proposal = split(['a = 1', 'b = 2', 'c = 3', 'print(eval("a"))', 'd = 1'], 'cell');
  assert.equal(edges(proposal)['block-4'], 'start block-2 block-3');
  assert.equal(filters(proposal)['start'], 'auto');
  assert.equal(edges(proposal)['block-5'], '');
});

test('names that a star import may have brought', () => {
  const proposal = split(['x = 1', 'from pylab import *', 'y = linspace(0, x)', 'print(y)'], 'cell');
  assert.equal(edges(proposal)['block-2'], '');
  assert.equal(edges(proposal)['block-3'], 'start block-2');
  assert.equal(edges(proposal)['block-4'], 'block-3');
});

test('what can not be stored stays in one block, with all between', () => {
  for (const [made, used] of [
    ['g = (i for i in range(3))', 'print(list(g))'],
    ["f = open('a.txt')", 'f.read()'],
    ['def gen():\n  yield 1\ng = gen()', 'next(g)'],
    ['import threading\nlock = threading.Lock()', 'lock.acquire()'],
  ] as const) {
    const proposal = split(['a = 1', made, 'b = 2', used, 'c = 3'], 'cell');
    assert.deepEqual(
      proposal.blocks.map(block => block.cellIndexes),
      [[0], [1, 2, 3], [4]],
    );
    assert.deepEqual(codes(proposal), ['joined']);
    assert.equal(proposal.warnings[0]?.cell, 4);
    assert.equal(proposal.blocks[1]?.remarks.length, 1);
  }
});

test('`_` joins its cell to the one before, older results are remarked', () => {
  const joined = split(['a = 1', 'a + 1', '_ + 1', 'b = 1'], 'cell');
  assert.deepEqual(
    joined.blocks.map(block => block.cellIndexes),
    [[0], [1, 2], [3]],
  );
  assert.deepEqual(codes(split(['a = 1', 'Out[1]'], 'cell')), ['history']);
  assert.deepEqual(codes(split(['_, a = f()', 'print(_)'], 'cell')), []);
  assert.deepEqual(codes(split(['a = 1', "b = input('?')"], 'cell')), ['unattended']);
});

test('a deleted variable has no owner any more', () => {
  const proposal = split(['x = 1', 'del x', 'print(x)'], 'cell');
  assert.deepEqual(edges(proposal), { start: '', 'block-2': 'start', 'block-3': '' });
});

test('every parent stands before its child', () => {
  const proposal = split(
    ['x = []', 'y = x', 'if y:\n  x = 3', 'x.append(y)', 'eval("x")', 'x = y', 'print(x, y)'],
    'cell',
  );
  const order = proposal.blocks.map(block => block.id);
  for (const [index, block] of proposal.blocks.entries()) {
    for (const edge of block.parents) assert.ok(order.indexOf(edge.block) < index);
  }
});
