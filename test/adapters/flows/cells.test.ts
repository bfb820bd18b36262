/** Single cells between a block and a flow, and lists of them: what means the same keeps its bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellTexts, layoutOf, withCells } from '../../../src/adapters/flows/cellList.js';
import { cellInBlock, cellInFlow, editedCell, meaningOf } from '../../../src/adapters/flows/cellText.js';
import { layOutAgain } from '../../../src/protocol/jsonLayout.js';
import { labSave, oddNotebook, type LabCell } from './jupyter.js';

const LAYOUT = { style: { newline: '\n', unit: ' ' }, indent: '  ' };
const BOTH = { content: true, outputs: true };
const oddCells = oddNotebook('c', 'u').map(text => cellTexts(text));

test('a cell means the same in its block, in a flow, and saved by Jupyter', () => {
  fc.assert(
    fc.property(oddCells, cells => {
      for (const cell of cells) {
        const inFlow = cellInFlow(cell, 'x1', 'uid-b', LAYOUT);
        assert.deepEqual(meaningOf(inFlow), meaningOf(cell));
        const saved = cellTexts(labSave(`{"cells": [${inFlow}], "metadata": {}}`))[0]!;
        assert.deepEqual(meaningOf(saved), meaningOf(cell));
        // Nothing to take over: every byte stays.
        assert.equal(editedCell(cell, saved, BOTH, LAYOUT), cell);
        assert.deepEqual(meaningOf(cellInBlock(inFlow, null, LAYOUT)), meaningOf(cell));
        // Whose outputs are trusted is not for a file to say.
        const { metadata } = JSON.parse(inFlow) as { readonly metadata: object };
        assert.ok(!('trusted' in metadata));
        // Numbers that no program holds go through.
        if (!/"trusted"/.test(cell))
          for (const odd of ['1.0', '12345678901234567890', '-0.0', '1e5'])
            assert.equal(inFlow.split(odd).length, cell.split(odd).length);
      }
    }),
    { numRuns: 500 },
  );
});

test('an edit changes what was edited and nothing beside it', () => {
  const own = [
    '{"z": 1.0, "source" : "a\\u00e9 = 1",',
    '  "metadata": {"tags": ["x"], "v": 1.0, "deep": {"n": [1.0, 2, {"m": 12345678901234567890}], "k": "\\u00e9"}, "trusted": true},',
    '  "id": "c", "cell_type":"code", "outputs": [{"output_type": "stream", "name": "stdout", "text": "o"}], "execution_count": 1.0}',
  ].join('\n');
  const change = (edit: (cell: LabCell) => void): string => {
    const text = labSave(`{"cells": [${own}], "metadata": {}}`, ({ cells }) => edit(cells[0]!));
    return editedCell(own, cellTexts(text)[0]!, BOTH, LAYOUT);
  };
  assert.equal(
    change(cell => (cell.source = 'b')),
    own.replace('"a\\u00e9 = 1"', '[\n    "b"\n   ]'),
  );
  const deep = change(cell => {
    (cell.metadata['deep'] as Record<string, unknown>)['k'] = 'new';
    delete cell.metadata['tags'];
    cell.metadata['execution'] = { busy: 'now' };
  });
  for (const kept of ['"z": 1.0', '"v": 1.0', '12345678901234567890', '"a\\u00e9 = 1"', '"trusted": true'])
    assert.ok(deep.includes(kept), kept);
  const { metadata } = JSON.parse(deep) as LabCell;
  assert.deepEqual(Object.keys(metadata), ['v', 'deep', 'trusted']);
  assert.ok(deep.includes('"k": "new"') && !deep.includes('tags'));
  const markdown = JSON.parse(
    change(cell => {
      cell.cell_type = 'markdown';
      cell.attachments = { 'a.png': { 'image/png': 'AAAA' } };
      delete cell.outputs;
      delete cell.execution_count;
    }),
  ) as LabCell;
  assert.deepEqual(Object.keys(markdown).sort(), [
    'attachments',
    'cell_type',
    'id',
    'metadata',
    'source',
    'z',
  ]);
  const onlyOutputs = editedCell(
    own,
    '{"cell_type": "code", "id": "c", "metadata": {}, "source": "other", "outputs": [], "execution_count": null}',
    { content: false, outputs: true },
    LAYOUT,
  );
  assert.ok(onlyOutputs.includes('"outputs": []') && onlyOutputs.includes('"execution_count": null'));
  assert.ok(onlyOutputs.startsWith(own.slice(0, own.indexOf('"outputs"'))));
});

test('prose that reads like a header is marked in the flow, and nothing of ours reaches a block', () => {
  const prose =
    '{"cell_type": "markdown", "metadata": {"dagpy": {"mine": 1.0}}, "source": ["# Block: a\\n", "text"]}';
  const inFlow = cellInFlow(prose, 'x', 'uid', LAYOUT, 'other');
  const marks = (JSON.parse(inFlow) as LabCell).metadata['dagpy'];
  assert.deepEqual(marks, { block: 'uid', conflict: 'other', header: false, mine: 1 });
  const back = cellInBlock(inFlow, null, LAYOUT);
  assert.deepEqual(JSON.parse(back), JSON.parse(prose));
  assert.ok(back.includes('1.0'));
});

test('a notebook with its own cells is the same text, and other cells leave the rest as it is', () => {
  fc.assert(
    fc.property(oddNotebook('c', 'u'), oddCells, (text, others) => {
      assert.equal(withCells(text, cellTexts(text)), text);
      const next = withCells(text, others);
      assert.deepEqual(cellTexts(next), others);
      const without = (json: string): unknown => ({
        ...(JSON.parse(json.replace(/^\ufeff/, '')) as object),
        cells: [],
      });
      assert.deepEqual(without(next), without(text));
      assert.equal(next.includes('\r\n') && others.length > 0, text.includes('\r\n') && others.length > 0);
      const [first] = others;
      if (first !== undefined) assert.equal(withCells(next, cellTexts(next)), next);
    }),
    { numRuns: 1_000 },
  );
});

test('laying out again keeps every token, of strings of any length too', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(' ', '\t', null), (json, unit) => {
      const again = layOutAgain(json, { newline: '\n', unit });
      assert.equal(JSON.stringify(JSON.parse(again)), JSON.stringify(JSON.parse(json)));
      assert.equal(layOutAgain(again, { newline: '\n', unit }), again);
    }),
    { numRuns: 1_000 },
  );
  assert.equal(
    layOutAgain('{"a":[1.0,{ },[ ],-0.0e5],"b\\"}":"x"}', { newline: '\n', unit: ' ' }, ' '),
    '{\n  "a": [\n   1.0,\n   {},\n   [],\n   -0.0e5\n  ],\n  "b\\"}": "x"\n }',
  );
  const long = `["${'\\n'.repeat(8_000_000)}"]`;
  assert.equal(layOutAgain(long, { newline: '\n', unit: null }), long);
  assert.equal(layoutOf(long).style.unit, null);
});
