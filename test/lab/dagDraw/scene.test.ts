import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SceneKeeper } from '../../../src/lab/dagDraw/scene.js';
import { blockView, edgeView, largeView, viewOf } from './views.js';

describe('what a patch costs', () => {
  test('a state that changes makes no layout, and nothing else looks different', () => {
    const keeper = new SceneKeeper();
    const view = largeView(1000);
    keeper.update(view, 'down');
    const blocks = view.blocks.map(block =>
      block.id === 'b500' ? { ...block, state: 'failed' as const } : block,
    );
    const { scene, isNewPicture, changed, changedEdges } = keeper.update({ ...view, blocks }, 'down');
    assert.equal(keeper.layouts, 1);
    assert.equal(isNewPicture, false);
    assert.deepEqual([...changed], ['b500']);
    assert.equal(changedEdges.size, 0);
    assert.equal(scene.blocks.find(({ id }) => id === 'b500')?.state, 'failed');
  });

  test('a whole run over 200 blocks makes no layout', () => {
    const keeper = new SceneKeeper();
    let { blocks, edges } = largeView(200);
    keeper.update({ blocks, edges }, 'down');
    for (const { id } of blocks)
      for (const state of ['queued', 'running', 'fresh'] as const) {
        blocks = blocks.map(block => (block.id === id ? { ...block, state } : block));
        // The daemon sends edges anew when it learns what crosses them.
        edges = edges.map(edge => ({ ...edge }));
        const { changed } = keeper.update({ blocks, edges }, 'down');
        assert.deepEqual([...changed], [id]);
      }
    assert.equal(keeper.layouts, 1);
  });

  test('a block or an edge more makes one layout', () => {
    const keeper = new SceneKeeper();
    const view = viewOf({ a: 'fresh', b: 'fresh', c: 'fresh' }, ['a b']);
    keeper.update(view, 'down');
    const linked = { ...view, edges: [...view.edges, edgeView('b', 'c')] };
    assert.equal(keeper.update(linked, 'down').isNewPicture, true);
    assert.equal(
      keeper.update({ ...linked, blocks: [...linked.blocks, blockView('d')] }, 'down').isNewPicture,
      true,
    );
    assert.equal(keeper.layouts, 3);
  });

  test('another direction is another picture', () => {
    const keeper = new SceneKeeper();
    const states = { a: 'fresh', b: 'fresh', c: 'fresh', d: 'fresh' } as const;
    const view = viewOf(states, ['a b', 'b c', 'c d']);
    const down = keeper.update(view, 'down').scene.picture.layout;
    const right = keeper.update(view, 'right').scene.picture.layout;
    assert.ok(down.height > down.width && right.width > right.height);
  });
});

test('the way of a change is lit: from what changed to what has to follow', () => {
  const states = {
    load: 'fresh',
    time: 'stale',
    model: 'affected',
    report: 'affected',
    text: 'fresh',
  } as const;
  const view = viewOf(states, ['load time', 'time model', 'text model', 'model report']);
  const { scene } = new SceneKeeper().update(view, 'down');
  const lit = scene.graph.edges.filter((_, place) => scene.lit[place]).map(({ key }) => key);
  assert.deepEqual(lit.sort(), ['["model","report"]', '["time","model"]']);
});

test('when a state changes, so do the edges that it lights, and no others', () => {
  const keeper = new SceneKeeper();
  const edges = ['a b', 'b c', 'a d'];
  keeper.update(viewOf({ a: 'fresh', b: 'fresh', c: 'affected', d: 'fresh' }, edges), 'down');
  const { changedEdges } = keeper.update(
    viewOf({ a: 'fresh', b: 'stale', c: 'affected', d: 'fresh' }, edges),
    'down',
  );
  assert.deepEqual([...changedEdges], ['["b","c"]']);
});

test('other variables that cross make the edge another, and the picture stays', () => {
  const keeper = new SceneKeeper();
  const view = viewOf({ a: 'fresh', b: 'fresh' }, ['a b']);
  keeper.update(view, 'down');
  const variables = [{ name: 'df', as: 'df', type: 'pandas.DataFrame', bytes: 12 }];
  const { isNewPicture, changedEdges, scene } = keeper.update(
    { ...view, edges: [edgeView('a', 'b', { variables })] },
    'down',
  );
  assert.equal(isNewPicture, false);
  assert.equal(changedEdges.size, 1);
  assert.deepEqual(scene.graph.edges[0]!.variables, variables);
});

test('a project of no block is a picture of nothing', () => {
  const { scene } = new SceneKeeper().update({ blocks: [], edges: [] }, 'down');
  assert.equal(scene.picture.layout.width, 0);
});
