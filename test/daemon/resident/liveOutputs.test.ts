import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LiveOutputs } from '../../../src/daemon/resident/liveOutputs.js';
import { createOutputCollector } from '../../../src/protocol/collectOutputs.js';
import type { CellOutput } from '../../../src/protocol/outputs.js';
import type { OutputEvent } from '../../../src/protocol/resident/stream.js';
import type { FromWorker } from '../../../src/protocol/workerMessages.js';

const CELLS = [
  { id: 'one', place: 2 },
  { id: null, place: 5 },
];

const ordinals = fc.nat({ max: CELLS.length - 1 });
const texts = fc.constantFrom('a', 'b\n', '');
const streams = fc.constantFrom('stdout' as const, 'stderr' as const);
const shown = fc.record({ data: fc.constantFrom({ 'text/plain': '1' }, { 'text/plain': '2' }) });
const ids = fc.constantFrom(undefined, 'x', 'y');

const messages: fc.Arbitrary<FromWorker | 'flush'> = fc.oneof(
  fc.constant('flush' as const),
  ordinals.map(ordinal => ({ type: 'cellStarted', ordinal }) as const),
  fc
    .tuple(ordinals, streams, texts)
    .map(
      ([ordinal, name, text]) =>
        ({ type: 'output', ordinal, output: { output_type: 'stream', name, text } }) as const,
    ),
  fc.tuple(ordinals, shown, ids).map(([ordinal, { data }, id]) => ({
    type: 'output' as const,
    ordinal,
    output: {
      output_type: 'display_data' as const,
      data,
      metadata: {},
      ...(id === undefined ? {} : { transient: { display_id: id } }),
    },
  })),
  fc
    .tuple(ordinals, fc.boolean())
    .map(([ordinal, wait]) => ({ type: 'clearOutput', ordinal, wait }) as const),
  fc
    .tuple(shown, fc.constantFrom('x', 'y'))
    .map(([{ data }, displayId]) => ({ type: 'updateDisplay', displayId, data, metadata: {} }) as const),
);

/** What a tab shows that takes the events in. */
function screen() {
  const cells = CELLS.map((): CellOutput[] => []);
  return {
    cells,
    take(event: OutputEvent): void {
      if (event.event !== 'cellOutput') return;
      const cell = cells[CELLS.findIndex(({ place }) => place === event.cell.place)]!;
      if (event.isReset) cell.splice(0);
      for (const output of event.outputs) {
        const last = cell.at(-1);
        if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name)
          cell[cell.length - 1] = { ...last, text: last.text + output.text };
        else cell.push(output);
      }
    },
  };
}

test('a tab that takes in what it is told shows what the notebook will', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 30 }), all => {
      const tab = screen();
      const live = new LiveOutputs(
        () => CELLS,
        event => tab.take(event),
      );
      const collector = createOutputCollector(CELLS.length);
      // Each cell of a run starts once, before it shows anything.
      for (const ordinal of [0, 1]) {
        live.heard('block', { type: 'cellStarted', ordinal });
        collector.accept({ type: 'cellStarted', ordinal });
      }
      for (const message of all) {
        if (message === 'flush') live.flush();
        else if (message.type !== 'cellStarted') {
          live.heard('block', message);
          collector.accept(message);
        }
      }
      live.flush();
      assert.deepEqual(
        tab.cells,
        collector.cells().map(({ outputs }) => outputs),
      );
    }),
    { numRuns: 1000 },
  );
});

test('many pieces of one stream are one message', async () => {
  const told: OutputEvent[] = [];
  const live = new LiveOutputs(
    () => CELLS,
    event => told.push(event),
  );
  live.heard('block', { type: 'cellStarted', ordinal: 0 });
  for (let piece = 0; piece < 1000; piece += 1)
    live.heard('block', {
      type: 'output',
      ordinal: 0,
      output: { output_type: 'stream', name: 'stdout', text: '.' },
    });
  assert.deepEqual(told, []);
  await new Promise(resolve => setTimeout(resolve, 150));
  assert.deepEqual(told, [
    {
      event: 'cellOutput',
      block: 'block',
      cell: CELLS[0],
      isReset: true,
      outputs: [{ output_type: 'stream', name: 'stdout', text: '.'.repeat(1000) }],
      executionCount: 1,
    },
  ]);
});
