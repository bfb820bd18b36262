import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTrace, objectsOf } from '../../src/protocol/traceCodec.js';
import { someTrace } from '../adapters/store/fixtures.js';
import { asDigest, type Digest } from '../../src/protocol/ids.js';

const digest = (digit: string): Digest => asDigest(digit.repeat(64))!;
const display = { digest: digest('1'), size: 1 };
const head = { digest: digest('2'), size: 2 };
const whole = { digest: digest('3'), size: 100 };
const buffer = { content: whole.digest, size: whole.size };

const traceWith = (offset: number, size: number) =>
  someTrace({
    display,
    head,
    buffers: [buffer, { content: digest('4'), size, within: { object: whole, offset } }],
  });

test('a part of an object needs the object, and nothing else', () => {
  for (const [offset, size] of [
    [0, 100],
    [99, 1],
    [40, 20],
  ] as const) {
    const trace = decodeTrace(traceWith(offset, size), 'trace');
    assert.deepEqual(trace, traceWith(offset, size));
    assert.deepEqual(objectsOf(trace), [display, head, whole]);
  }
});

test('what lies outside of its object is no part of it', () => {
  for (const [offset, size] of [
    [1, 100],
    [100, 1],
    [0, 101],
    [-1, 5],
    [0.5, 5],
    [Number.MAX_SAFE_INTEGER, 5],
  ] as const)
    assert.throws(() => decodeTrace(traceWith(offset, size), 'trace'), /buffers\[1\]/);
});
