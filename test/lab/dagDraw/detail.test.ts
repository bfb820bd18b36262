import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  covers,
  drawnFor,
  nodesIn,
  visibleBox,
  WHOLE_GRAPH,
  type Viewport,
} from '../../../src/lab/dagDraw/detail.js';
import { boxAround, fitting, revealing, wholeOf } from '../../../src/lab/dagDraw/places.js';
import { SceneKeeper, type Picture } from '../../../src/lab/dagDraw/scene.js';
import { largeView } from './views.js';

const SCREEN = { width: 1280, height: 800 };
/** More elements than this are felt while the picture moves. */
const MOST_CARDS = 320;

const pictureOf = (size: number): Picture => new SceneKeeper().update(largeView(size), 'down').scene.picture;
const whole = (picture: Picture): Viewport => ({ ...SCREEN, ...fitting(wholeOf(picture), SCREEN) });
const around = (picture: Picture, node: number, scale: number): Viewport => {
  const box = boxAround(picture, [node])!;
  return {
    ...SCREEN,
    scale,
    dx: SCREEN.width / 2 - scale * box.left,
    dy: SCREEN.height / 2 - scale * box.top,
  };
};

test('a small graph is drawn as a whole, with cards, wherever the view is', () => {
  const picture = pictureOf(WHOLE_GRAPH);
  const far = drawnFor(picture, { ...SCREEN, dx: 1e5, dy: 1e5, scale: 0.05 });
  assert.equal(far.detail, 'cards');
  assert.equal(far.nodes.length, WHOLE_GRAPH);
  assert.ok(covers(far.area, whole(picture), picture));
});

describe('a large graph', () => {
  const picture = pictureOf(3000);

  test('as a whole shows a sign for every block, and its edges are one ground', () => {
    const drawn = drawnFor(picture, whole(picture));
    assert.equal(drawn.detail, 'signs');
    assert.equal(drawn.nodes.length, 3000);
    assert.equal(drawn.hasSingleEdges, false);
  });

  test('from near shows cards: those in view and a margin, never more than can be moved smoothly', () => {
    for (const scale of [0.4, 0.6, 1, 2]) {
      const viewport = around(picture, 1500, scale);
      const drawn = drawnFor(picture, viewport);
      const inView = nodesIn(picture, visibleBox(viewport));
      assert.ok(inView.every(node => drawn.nodes.includes(node)));
      if (drawn.detail === 'cards') assert.ok(drawn.nodes.length <= MOST_CARDS);
      else assert.ok(scale < 0.7);
      assert.ok(covers(drawn.area, viewport, picture));
    }
    assert.equal(drawnFor(picture, around(picture, 1500, 1)).detail, 'cards');
  });

  test('a little further the same elements do; far away they do not', () => {
    const viewport = around(picture, 1500, 1);
    const drawn = drawnFor(picture, viewport);
    assert.ok(covers(drawn.area, { ...viewport, dx: viewport.dx + 60 }, picture));
    assert.equal(covers(drawn.area, { ...viewport, dx: viewport.dx + 3 * SCREEN.width }, picture), false);
  });

  test('the block that has the focus is always there', () => {
    const drawn = drawnFor(picture, around(picture, 2999, 1), [0]);
    assert.equal(drawn.nodes[0], 0);
  });

  test('every edge that can be seen is drawn', () => {
    const viewport = around(picture, 1500, 1);
    const drawn = drawnFor(picture, viewport);
    const nodes = new Set(nodesIn(picture, visibleBox(viewport)));
    picture.graph.edges.forEach(({ from, to }, edge) => {
      if (nodes.has(from) || nodes.has(to)) assert.ok(drawn.edges.includes(edge));
    });
  });
});

describe('places', () => {
  test('the whole fits, in the middle, and is not blown up', () => {
    const picture = pictureOf(5);
    const { dx, dy, scale } = fitting(wholeOf(picture), SCREEN);
    assert.equal(scale, 1);
    assert.equal(2 * dx + picture.layout.width, SCREEN.width);
    assert.equal(2 * dy + picture.layout.height, SCREEN.height);
    const large = pictureOf(1000);
    const place = fitting(wholeOf(large), SCREEN);
    assert.ok(place.dx >= 0 && place.dx + place.scale * large.layout.width <= SCREEN.width);
    assert.ok(place.dy >= 0 && place.dy + place.scale * large.layout.height <= SCREEN.height);
  });

  test('what is in view stays; what is not comes in by the shortest way', () => {
    const viewport = { ...SCREEN, dx: 0, dy: 0, scale: 1 };
    assert.equal(revealing({ left: 100, top: 100, right: 200, bottom: 150 }, viewport), null);
    assert.deepEqual(revealing({ left: -300, top: 100, right: -200, bottom: 150 }, viewport), {
      scale: 1,
      dx: 324,
      dy: 0,
    });
    assert.deepEqual(revealing({ left: 100, top: 900, right: 200, bottom: 950 }, viewport), {
      scale: 1,
      dx: 0,
      dy: 800 - 24 - 950,
    });
  });
});
