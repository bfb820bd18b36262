import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  edgeStory,
  edgeText,
  nodeLabel,
  remarkText,
  verdictText,
} from '../../../src/lab/dagDraw/dagWords.js';
import { panelGraph } from '../../../src/lab/dagDraw/graph.js';
import { svgOf } from '../../../src/lab/dagPanel/exportSvg.js';
import { runEndText } from '../../../src/lab/dagPanel/runEnd.js';
import { trans } from '../plainWords.js';
import { blockView, edgeView, viewOf } from './views.js';

const df = { name: 'df', as: 'frame', type: 'pandas.DataFrame', bytes: 152_000_000 };

test('a block says its state, why, what it reads and who reads it', () => {
  const graph = panelGraph(
    ['clean', 'time', 'model', 'log'],
    [
      edgeView('clean', 'time', { variables: [df] }),
      edgeView('time', 'model'),
      edgeView('time', 'log', { kind: 'order' }),
    ],
  );
  const time = blockView('time', { state: 'stale', reasons: [{ kind: 'code', detail: 'cell 2 changed' }] });
  assert.equal(
    nodeLabel(time, graph, trans),
    'time, stale: cell 2 changed; reads df as frame of clean; read by model',
  );
});

test('where all is well, figures; else the reason', () => {
  assert.equal(remarkText(blockView('a'), trans), '1.4 s · 150 MB');
  assert.equal(remarkText(blockView('a', { seconds: null, bytes: null }), trans), 'fresh');
  const stale = blockView('a', { state: 'stale', reasons: [{ kind: 'code', detail: 'cell 2 changed' }] });
  assert.equal(remarkText(stale, trans), 'cell 2 changed');
});

test('an edge shows the names that cross; asked, their types and sizes', () => {
  const graph = panelGraph(
    ['a', 'b'],
    [edgeView('a', 'b', { variables: [df, { ...df, name: 'n', as: 'n', bytes: null, type: null }] })],
  );
  const edge = graph.edges[0]!;
  assert.equal(edgeText(edge, trans), 'df as frame, n');
  const { title, variables } = edgeStory(edge, graph, trans);
  assert.equal(title, 'a → b');
  assert.deepEqual(variables[0], { name: 'df as frame', type: 'pandas.DataFrame', size: '152 MB' });
  assert.equal(variables[1]!.size, '');
  assert.equal(edgeText({ ...edge, kind: 'order' }, trans), '');
  assert.match(edgeStory({ ...edge, session: true }, graph, trans).remark, /whole session/);
});

test('a refused link names the cycle; a long one by its ends', () => {
  const way = ['model', 'load', 'clean', 'model'];
  assert.equal(
    verdictText({ kind: 'cycle', way }, 'model', 'load', trans),
    'Would close a cycle: model → load → clean → model',
  );
  const long = Array.from({ length: 40 }, (_, place) => `b${String(place)}`);
  assert.equal(
    verdictText({ kind: 'cycle', way: long }, 'b0', 'b1', trans),
    'Would close a cycle: b0 → b1 → b2 → … → b37 → b38 → b39',
  );
});

test('how a run ended', () => {
  const nothing = {
    run: '1',
    seconds: 9,
    executed: [],
    restored: [],
    fresh: [],
    failed: [],
    blocked: [],
    cancelled: [],
  };
  assert.equal(runEndText(nothing, trans), 'Run finished in 9.0 s: everything was fresh');
  assert.equal(
    runEndText({ ...nothing, executed: ['a', 'b'], failed: ['ranking'] }, trans),
    'Run finished in 9.0 s: 2 blocks ran, failed: ranking',
  );
});

test('the exported picture has every block with its state', () => {
  const svg = svgOf(
    { name: 'churn', ...viewOf({ load: 'fresh', clean: 'failed' }, ['load clean']) },
    'right',
  );
  assert.match(svg, /^<svg/);
  assert.match(svg, /data-block="load" data-state="fresh"/);
  assert.match(svg, /data-block="clean" data-state="failed"/);
});
