import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockSelection, selectedIn } from '../../src/lab/selection.js';
import type { IProjectModel } from '../../src/lab/tokens.js';
import { blockView } from './dagDraw/views.js';

const projectAt = (path: string, ...ids: string[]): Pick<IProjectModel, 'path' | 'block'> => ({
  path,
  block: id => (ids.includes(id) ? blockView(id) : undefined),
});

test('a selection is about one project, though others have blocks of the same names', () => {
  const [here, there] = [projectAt('a', 'load', 'clean'), projectAt('b', 'load')];
  const selection = new BlockSelection();
  let changes = 0;
  selection.changed.connect(() => (changes += 1));
  selection.select(here, ['clean', 'load']);
  assert.equal(selection.project, 'a');
  assert.deepEqual(selectedIn(selection, here), ['clean', 'load']);
  assert.deepEqual(selectedIn(selection, there), []);
  selection.select(here, ['clean', 'load']);
  assert.equal(changes, 1);
  selection.select(there, ['clean', 'load']);
  assert.equal(changes, 2);
  assert.deepEqual(selectedIn(selection, here), []);
  assert.deepEqual(selectedIn(selection, there), ['load'], 'what is gone is not selected');
});
