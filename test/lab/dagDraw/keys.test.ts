import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fittingDirection, intentOf } from '../../../src/lab/dagDraw/keys.js';
import { moved, type Move } from '../../../src/lab/dagDraw/moves.js';
import { SceneKeeper } from '../../../src/lab/dagDraw/scene.js';
import { largeView, viewOf } from './views.js';

const none = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
const diamond = () =>
  viewOf({ load: 'fresh', left: 'fresh', right: 'fresh', end: 'fresh' }, [
    'load left',
    'load right',
    'left end',
    'right end',
  ]);

test('keys of Lab are left to Lab', () => {
  for (const key of ['s', 'Tab', 'F5', 'PageDown', 'x']) assert.equal(intentOf({ ...none, key }), null);
  assert.equal(intentOf({ ...none, key: 'r', ctrlKey: true }), null);
  assert.equal(intentOf({ ...none, key: 'f', metaKey: true }), null);
  assert.equal(intentOf({ ...none, key: 'ArrowLeft', altKey: true }), null);
});

test('undo and redo on every system', () => {
  assert.deepEqual(intentOf({ ...none, key: 'z', ctrlKey: true }), { kind: 'undo' });
  assert.deepEqual(intentOf({ ...none, key: 'Z', metaKey: true, shiftKey: true }), { kind: 'redo' });
  assert.deepEqual(intentOf({ ...none, key: 'y', ctrlKey: true }), { kind: 'redo' });
});

test('arrows go along edges and within layers', () => {
  const { picture } = new SceneKeeper().update(diamond(), 'down').scene;
  const from = (id: string, move: Move) =>
    picture.graph.ids[moved(picture, picture.graph.nodeOf.get(id)!, move)];
  const [first, second] = picture.layout.layers[1]!.map(node => picture.graph.ids[node]!) as [string, string];
  assert.equal(from('end', 'up'), first);
  assert.equal(from(first, 'right'), second);
  assert.equal(from(second, 'left'), first);
  assert.equal(from(second, 'right'), second);
  assert.equal(from(first, 'down'), 'end');
  assert.equal(from('end', 'down'), 'end');
  assert.equal(from('end', 'first'), 'load');
  assert.equal(from('load', 'last'), 'end');
});

test('laid out to the right, the arrows turn with the picture', () => {
  const { picture } = new SceneKeeper().update(diamond(), 'right').scene;
  const from = (id: string, move: Move) =>
    picture.graph.ids[moved(picture, picture.graph.nodeOf.get(id)!, move)];
  const [first, second] = picture.layout.layers[1]!.map(node => picture.graph.ids[node]!) as [string, string];
  assert.equal(from('end', 'left'), first);
  assert.equal(from(first, 'down'), second);
  assert.equal(from(first, 'right'), 'end');
});

test('every block can be reached by arrows, Home and End', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.constantFrom('down' as const, 'right' as const),
      (size, direction) => {
        const { picture } = new SceneKeeper().update(largeView(size), direction).scene;
        const seen = new Set([0]);
        const open = [0];
        for (let node = open.pop(); node !== undefined; node = open.pop())
          for (const move of ['up', 'down', 'left', 'right', 'first', 'last'] as const) {
            const next = moved(picture, node, move);
            if (seen.has(next)) continue;
            seen.add(next);
            open.push(next);
          }
        assert.equal(seen.size, size);
      },
    ),
    { numRuns: 30 },
  );
});

test('a low and broad panel is read from left to right', () => {
  assert.equal(fittingDirection(1200, 115), 'right');
  assert.equal(fittingDirection(1200, 700), 'down');
  assert.equal(fittingDirection(300, 700), 'down');
  assert.equal(fittingDirection(0, 0), 'down');
});
