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

test('nothing runs while somebody has a turn, and a turn that nobody waits for is none', async () => {
  const { queue, on } = queueOf();
  const first = queue.add(runId('first'), asked);
  let leave = (): void => undefined;
  const turn = queue.turn(() => new Promise<void>(resolve => (leave = resolve)));
  const gone = new AbortController();
  const forgotten = queue.turn(() => Promise.reject(new Error('nobody waits')), gone.signal);
  const second = queue.add(runId('second'), asked);
  gone.abort();
  await assert.rejects(forgotten, ProblemError);
  on[0]!.end();
  await first.ended;
  await new Promise(resolve => setImmediate(resolve));
  assert.equal(on.length, 1, 'the second run waits');
  assert.equal(queue.cancel(), false, 'a turn is no run');
  leave();
  await turn;
  await second.began;
  on[1]!.end();
  await second.ended;
});

test('a turn does not keep the queue from ending', async () => {
  const { queue } = queueOf();
  const turn = queue.turn(
    ends => new Promise<void>(resolve => ends.addEventListener('abort', () => resolve())),
  );
  await queue.end();
  await turn;
});

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
