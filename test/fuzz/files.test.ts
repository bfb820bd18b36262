/** Decoders of `dag.json` and notebooks: whatever they are given, they answer, in words where they refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNotebook, readOutputs, readWidgets } from '../../src/adapters/notebooks/read.js';
import { setMetadata, spliceOutputs } from '../../src/adapters/notebooks/splice.js';
import { encodeDisplay } from '../../src/daemon/display.js';
import { buildGraph } from '../../src/engine/graph.js';
import { decodeDagFile } from '../../src/protocol/dagFileCodec/decode.js';
import { editDagFile } from '../../src/protocol/dagFileCodec/edit.js';
import { blockId } from '../../src/protocol/ids.js';
import { howMany } from '../proof.js';
import { accepted, fuzz } from './expect.js';
import { spoilText } from './mutate.js';

const dag = {
  version: 1,
  name: 'demo',
  kernel: 'python3',
  prelude: 'style',
  parameters: { year: 2024, names: ['a', 'b'] },
  seed: 7,
  externalTtl: '1h',
  cache: { keep: 5, maxBytes: '2 GB' },
  blocks: {
    style: { notebook: 'style.ipynb' },
    load: { notebook: 'sub/load.ipynb', inputs: ['data/*.csv'], outputs: ['out/a.csv'], ttl: '5m', filter: ['df_*'], env: ['HOME'], retries: 1 },
    clean: {
      notebook: 'clean.ipynb',
      parents: ['load', { block: 'style', use: { x: 'y' } }],
      filter: 'off',
      timeout: '10s',
      tags: { speed: 'slow' },
      after: ['style'],
      run: 'always',
    },
  },
}; // prettier-ignore

test('dag.json', () => {
  const text = JSON.stringify(dag, null, 2);
  let sound = 0;
  fuzz(
    'dag.json',
    howMany(1000, 100_000),
    luck => spoilText(luck, dag, text),
    (input, luck) => {
      const decoded = accepted(decodeDagFile(input, { file: 'dag.json', defaultName: 'demo' }));
      if (decoded === undefined) return;
      sound += 1;
      for (const { notebook } of decoded.dag.blocks) {
        assert.doesNotMatch(notebook, /^\/|^[A-Za-z]:|(^|\/)\.\.(\/|$)|[\0\\]/);
      }
      accepted(buildGraph(decoded.dag));
      const first = decoded.dag.blocks[0]?.id ?? blockId('none');
      const edit = luck.pick([
        { kind: 'removeBlock', block: first } as const,
        { kind: 'renameBlock', from: first, to: 'renamed' } as const,
      ]);
      accepted(editDagFile(input, [edit], { file: 'dag.json', defaultName: 'demo' }));
    },
  );
  assert.ok(sound > 0, 'nothing came through, so nothing deeper was tried');
});

const output = (text: string) => ({ output_type: 'stream', name: 'stdout', text: [text] });
const notebook = {
  cells: [
    { cell_type: 'markdown', id: 'a', metadata: {}, source: ['# T\n', 'ä'] },
    {
      cell_type: 'code',
      id: 'b',
      metadata: { tags: ['x'] },
      source: ['x = 1\n'],
      outputs: [
        output('1\n'),
        { output_type: 'display_data', data: { 'text/plain': ['1'], 'image/png': 'aGk=' }, metadata: {} },
        { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['t'] },
      ],
      execution_count: 3,
    },
    { cell_type: 'code', id: 'c', metadata: {}, source: 'y', outputs: [], execution_count: null },
    { cell_type: 'raw', id: 'd', metadata: {}, source: '' },
  ],
  metadata: {
    kernelspec: { name: 'python3', display_name: 'P', language: 'python' },
    language_info: { name: 'python' },
    dagpy: { uid: 'abc' },
    widgets: { 'application/vnd.jupyter.widget-state+json': { state: {}, version_major: 2, version_minor: 0 } },
  },
  nbformat: 4,
  nbformat_minor: 5,
}; // prettier-ignore

test('notebooks, and outputs put into those that are accepted', () => {
  const text = JSON.stringify(notebook, null, 1);
  let sound = 0;
  fuzz(
    'notebooks',
    howMany(1000, 100_000),
    luck => spoilText(luck, notebook, text),
    input => {
      const read = accepted(parseNotebook(input, 'a.ipynb'));
      if (read === undefined) return;
      sound += 1;
      const code = read.cells.filter(cell => cell.type === 'code');
      readWidgets(read);
      encodeDisplay({ cells: code.map(cell => readOutputs(read, cell)) });
      const updates = code.map(({ index }) => ({
        cell: index,
        outputs: [{ output_type: 'stream', name: 'stdout', text: 'new\n' } as const],
        executionCount: 9,
      }));
      const written = setMetadata(spliceOutputs(input, updates, null), ['dagpy', 'uid'], 'uid-1');
      const again = accepted(parseNotebook(written, 'a.ipynb'));
      assert.deepEqual(
        again?.cells.map(({ type, id, source }) => ({ type, id, source })),
        read.cells.map(({ type, id, source }) => ({ type, id, source })),
      );
      assert.equal(again.uid, 'uid-1');
      for (const cell of again.cells.filter(({ type }) => type === 'code')) {
        assert.deepEqual(readOutputs(again, cell).outputs, updates[0]?.outputs);
      }
    },
  );
  assert.ok(sound > 0, 'nothing came through, so nothing deeper was tried');
});

test('a notebook whose outputs are nested beyond measure is refused in words', () => {
  for (const depth of [400, 3000, 300_000]) {
    const deep = { output_type: 'display_data', data: { 'application/json': 0 }, metadata: {} };
    const code = {
      cell_type: 'code',
      id: 'a',
      metadata: {},
      source: '',
      outputs: [deep],
      execution_count: null,
    };
    const text = JSON.stringify({ ...notebook, cells: [code] }).replace(
      '"application/json":0',
      () => `"application/json":${'['.repeat(depth)}${']'.repeat(depth)}`,
    );
    const read = parseNotebook(text, 'a.ipynb');
    assert.equal(read.ok, depth === 400);
    if (read.ok) encodeDisplay({ cells: read.value.cells.map(cell => readOutputs(read.value, cell)) });
    else assert.equal(read.problems[0]?.code, 'json-nesting');
  }
});
