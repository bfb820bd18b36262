import assert from 'node:assert/strict';
import test from 'node:test';
import { createBreathe, inPieces } from '../../src/daemon/breathe.js';

test('others go on during long work, and short work is not held up', async () => {
  let now = 0;
  const breathe = createBreathe(() => now);
  function* work(pieces: number) {
    for (let piece = 0; piece < pieces; piece += 1) {
      now += 1;
      yield;
    }
    return 'done';
  }
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  assert.equal(await inPieces(work(5), breathe), 'done');
  assert.equal(turns, 0);
  assert.equal(await inPieces(work(1000), breathe), 'done');
  isOver = true;
  assert.ok(turns > 100, `others had ${String(turns)} turns during 1000 ms of work`);
});
