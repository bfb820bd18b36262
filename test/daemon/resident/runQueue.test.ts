import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type AskedRun,
  type RunEnd,
  RunQueue,
  type WaitingRun,
} from '../../../src/daemon/resident/runQueue.js';
import { runId } from '../../../src/protocol/ids.js';
import { ProblemError } from '../../../src/protocol/problem.js';

const asked = { by: 'a test' } as AskedRun;
const ended = { report: {}, problems: [], isCancelled: false } as unknown as RunEnd;

/** Runs that begin at once and end when the test says so. */
function queueOf() {
  const on: { readonly waiting: WaitingRun; end(): void; fail(error: unknown): void }[] = [];
  const queue = new RunQueue(
    (waiting, end) =>
      new Promise((resolve, reject) => {
        waiting.begin();
        on.push({
          waiting,
          end: () => {
            end(ended);
            resolve();
          },
          fail: reject,
        });
      }),
    () => undefined,
  );
  return { queue, on };
}

test('one run at a time, in order', async () => {
  const { queue, on } = queueOf();
  const first = queue.add(runId('first'), asked);
  const second = queue.add(runId('second'), asked);
  await first.began;
  assert.equal(on.length, 1);
  assert.equal(queue.count, 1);
  on[0]!.end();
  assert.equal(await first.ended, ended);
  await second.began;
  assert.equal(queue.count, 0);
  on[1]!.end();
  await second.ended;
  await queue.end();
  assert.equal(queue.isIdle, true);
});

test('a run that fails is told to who asked, and the next one begins', async () => {
  const { queue, on } = queueOf();
  const first = queue.add(runId('first'), asked);
  const second = queue.add(runId('second'), asked);
  await first.began;
  on[0]!.fail(new ProblemError([{ code: 'x', message: 'no', remedy: 'yes' }]));
  await assert.rejects(first.ended, ProblemError);
  await second.began;
  on[1]!.end();
  await second.ended;
});

test('one that waits is taken back, one that is on is interrupted', async () => {
  const { queue, on } = queueOf();
  const first = queue.add(runId('first'), asked);
  const second = queue.add(runId('second'), asked);
  await first.began;
  assert.equal(queue.cancel('second'), true);
  await assert.rejects(second.began, /cancelled before it began/);
  assert.equal(on[0]!.waiting.cancel.signal.aborted, false);
  assert.equal(queue.cancel('another'), false);
  assert.equal(queue.cancel(), true);
  assert.equal(on[0]!.waiting.cancel.signal.aborted, true);
  const end = queue.end();
  on[0]!.end();
  await end;
});
