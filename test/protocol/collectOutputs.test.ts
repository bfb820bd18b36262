import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutputCollector } from '../../src/protocol/collectOutputs.js';
import type { CellOutput } from '../../src/protocol/outputs.js';
import type { FromWorker } from '../../src/protocol/workerMessages.js';

const stream = (text: string, name: 'stdout' | 'stderr' = 'stdout', ordinal = 0): FromWorker => ({
  type: 'output',
  ordinal,
  output: { output_type: 'stream', name, text },
});
const display = (text: string, displayId?: string, ordinal = 0): FromWorker => ({
  type: 'output',
  ordinal,
  output: {
    output_type: 'display_data',
    data: { 'text/plain': text },
    metadata: {},
    ...(displayId === undefined ? {} : { transient: { display_id: displayId } }),
  },
});
const clear = (wait: boolean): FromWorker => ({ type: 'clearOutput', ordinal: 0, wait });
const texts = (outputs: readonly CellOutput[] | undefined) =>
  outputs?.map(output =>
    output.output_type === 'stream' ? output.text : 'data' in output ? output.data['text/plain'] : '',
  );

function collect(messages: readonly FromWorker[], cells = 1) {
  const collector = createOutputCollector(cells);
  for (const message of messages) collector.accept(message);
  return collector.cells();
}

test('neighbouring pieces of one stream become one output, others stay apart', () => {
  const [cell] = collect([
    stream('a'),
    stream('b\n'),
    stream('!', 'stderr'),
    stream('c'),
    display('d'),
    stream('e'),
  ]);
  assert.deepEqual(texts(cell?.outputs), ['ab\n', '!', 'c', 'd', 'e']);
});

test('clearing acts at once, or when the next output comes, or never', () => {
  assert.deepEqual(texts(collect([stream('a'), clear(false)])[0]?.outputs), []);
  assert.deepEqual(texts(collect([stream('a'), clear(true)])[0]?.outputs), ['a']);
  assert.deepEqual(texts(collect([stream('a'), clear(true), stream('b'), stream('c')])[0]?.outputs), ['bc']);
});

test('a display is updated in every cell that shows it, and keeps no transient data', () => {
  const update: FromWorker = {
    type: 'updateDisplay',
    displayId: 'x',
    data: { 'text/plain': 'new' },
    metadata: { m: 1 },
  };
  const cells = collect([display('1', 'x', 0), display('2', 'y', 0), display('3', 'x', 1), update], 2);
  assert.deepEqual(
    cells.map(cell => texts(cell.outputs)),
    [['new', '2'], ['new']],
  );
  assert.ok(cells.every(cell => cell.outputs.every(output => !('transient' in output))));
});

test('a second display under one id replaces what the first shows, as nbclient has it', () => {
  assert.deepEqual(texts(collect([display('1', 'x'), display('2', 'x')])[0]?.outputs), ['2', '2']);
});

test('counts are those of the kernel, and cells that never started have none', () => {
  const result: FromWorker = {
    type: 'output',
    ordinal: 1,
    output: { output_type: 'execute_result', data: {}, metadata: {}, execution_count: 9 },
  };
  const started = (ordinal: number): FromWorker => ({ type: 'cellStarted', ordinal });
  const cells = collect([started(0), started(1), result], 3);
  assert.deepEqual(
    cells.map(cell => cell.executionCount),
    [1, 9, null],
  );
});
