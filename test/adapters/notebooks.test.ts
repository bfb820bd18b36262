import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import {
  buildNotebook,
  canonicalOutputs,
  newNotebook,
  parseNotebook,
  readNotebook,
  readOutputs,
  readWidgets,
  setMetadata,
  spliceOutputs,
  upgradeNotebook,
  type Notebook,
} from '../../src/adapters/notebooks/index.js';
import { cellSpans } from '../../src/adapters/notebooks/read.js';
import { membersOf } from '../../src/protocol/jsonText.js';
import type { CellOutput } from '../../src/protocol/outputs.js';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const python = join(root, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const folder = mkdtempSync(join(tmpdir(), 'dagpy-notebooks-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A notebook as a person with an odd editor may keep it. */
const ODD = `\uFEFF{
    "nbformat_minor": 5, "nbformat": 4,
    "metadata": {"2": 1.0, "10": 12345678901234567890, "kernelspec": {"name": "python3", "display_name": "P"}},
    "cells": [
        {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# \\u00e4 title", "attachments": {"a.png": {"image/png": "AAAA"}}},
        {
            "source": ["x = 1\\n", "x"],
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
            "metadata": {"tags": ["a"], "f": 1e5},
            "id": "c1", "cell_type": "code",   "execution_count": 7
        },
        {"cell_type": "code", "id": "c2", "metadata": {}, "source": "{\\"outputs\\": []}", "outputs": [ ], "execution_count": null}
    ]
}`.replaceAll('\n', '\r\n');

function parsed(text: string): Notebook {
  const result = parseNotebook(text, 'n.ipynb');
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** What nbformat makes of notebooks that it finds valid. */
function writtenByNbformat(texts: readonly string[]): readonly string[] {
  const script = `
import json, nbformat, sys
notebooks = [nbformat.reads(text.removeprefix("\\ufeff"), 4) for text in json.load(sys.stdin)]
for notebook in notebooks: nbformat.validate(notebook)
json.dump([nbformat.writes(notebook) for notebook in notebooks], sys.stdout)`;
  const options = { input: JSON.stringify(texts), encoding: 'utf8', maxBuffer: 2 ** 30 } as const;
  return JSON.parse(execFileSync(python, ['-W', 'ignore', '-c', script], options)) as readonly string[];
}

function corpus(): readonly string[] {
  const found = [join(root, 'test/corpus/.cache/notebooks'), join(tmpdir(), 'corpus')].find(place =>
    existsSync(place),
  );
  const extra = join(root, 'demo');
  const folders = [...(found === undefined ? [] : [found]), ...(existsSync(extra) ? [extra] : [])];
  return folders.flatMap(place =>
    (readdirSync(place, { recursive: true }) as string[])
      .filter(name => name.endsWith('.ipynb'))
      .map(name => join(place, name)),
  );
}

const plain = { noNullPrototype: true } as const;
const line = fc.string({ unit: 'grapheme' });
const lines = fc
  .array(
    fc.oneof(
      line,
      fc.constantFrom('\n', '\r\n', '\r', '\u2028', '\x0c', '\x1c', '\x85', '"', '\\', '\u0001'),
    ),
  )
  .map(parts => parts.join(''));
const bundle = fc.dictionary(
  fc.constantFrom(
    'text/plain',
    'text/html',
    'image/svg+xml',
    'image/png',
    'application/json',
    'application/javascript',
  ),
  lines,
  { minKeys: 1, noNullPrototype: true },
);
const anyOutput: fc.Arbitrary<CellOutput> = fc.oneof(
  fc.record(
    {
      output_type: fc.constant('stream' as const),
      name: fc.constantFrom('stdout' as const, 'stderr' as const),
      text: lines,
    },
    plain,
  ),
  fc.record(
    {
      output_type: fc.constant('display_data' as const),
      data: bundle,
      metadata: fc.constantFrom({}, { b: 1, a: { x: [] } }),
    },
    plain,
  ),
  fc.record(
    {
      output_type: fc.constant('execute_result' as const),
      data: bundle,
      metadata: fc.constant({}),
      execution_count: fc.nat(),
    },
    plain,
  ),
  fc.record(
    {
      output_type: fc.constant('error' as const),
      ename: line,
      evalue: line,
      traceback: fc.array(lines),
    },
    plain,
  ),
) as fc.Arbitrary<CellOutput>;

/** The text with the values that a write-back may touch taken out. */
function skeleton(text: string): string {
  const holes = cellSpans(text).flatMap(cell => {
    const members = membersOf(text, cell.start);
    const isCode = members.some(
      member => member.key === 'cell_type' && text.slice(member.value.start, member.value.end) === '"code"',
    );
    return isCode
      ? members
          .filter(member => member.key === 'outputs' || member.key === 'execution_count')
          .map(member => member.value)
      : [];
  });
  let at = 0;
  const parts = holes.map(hole => {
    const part = text.slice(at, hole.start);
    at = hole.end;
    return part;
  });
  return [...parts, text.slice(at)].join('\u0000');
}

test('a notebook is read with sources, tags, places and identity', () => {
  const notebook = parsed(ODD);
  assert.deepEqual(
    notebook.cells.map(cell => [cell.place, cell.id, cell.type, cell.source]),
    [
      [1, 'm', 'markdown', '# ä title'],
      [2, 'c1', 'code', 'x = 1\nx'],
      [3, 'c2', 'code', '{"outputs": []}'],
    ],
  );
  assert.deepEqual(notebook.cells[1]?.tags, ['a']);
  assert.equal(notebook.kernelspec, 'python3');
  assert.equal(notebook.uid, undefined);
});

test('writing outputs leaves every other byte of an odd file as it is', () => {
  const text = spliceOutputs(ODD, [
    { cell: 1, outputs: [{ output_type: 'stream', name: 'stdout', text: 'a\nb' }], executionCount: 1 },
    { cell: 2, outputs: [], executionCount: null },
  ]);
  assert.equal(skeleton(text), skeleton(ODD));
  assert.ok(text.includes('"outputs": [ ]'), 'what says the same already keeps its form');
  assert.ok(
    text.includes('12345678901234567890') && text.includes('"2": 1.0') && text.startsWith('\uFEFF{\r\n'),
  );
  assert.equal(/[^\r]\n/.test(text), false);
  assert.ok(text.includes('                "text": [\r\n'.replace(/^ {16}/, '                    ')), text);
});

test('outputs are written as nbformat writes them', () => {
  const built = newNotebook('u', { name: 'python3', display_name: 'Python 3' }, 'c');
  const outputs: CellOutput[] = [
    { output_type: 'stream', name: 'stdout', text: 'ä\n\u2028b\x0bc\rd\n\n' },
    {
      output_type: 'display_data',
      data: {
        'text/plain': '',
        'image/png': 'AA\nBB',
        'image/svg+xml': '<a>\n</a>',
        'application/json': { b: [1.5, null], a: '\u0001' },
      },
      metadata: { z: {}, '𝒳': 1, '\uffee': [] },
    },
    { output_type: 'execute_result', data: { 'text/html': 'x\ny' }, metadata: {}, execution_count: 3 },
    { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['a\nb'] },
  ];
  const text = spliceOutputs(built, [{ cell: 0, outputs, executionCount: 3 }]);
  assert.deepEqual(writtenByNbformat([text]), [text.trimEnd()]);
});

test('any outputs in any cells: only they change, they read back the same, and the canonical form agrees', () => {
  for (const text of [
    ODD,
    newNotebook('u', { name: 'p', display_name: 'P' }, 'c'),
    JSON.stringify(JSON.parse(ODD.slice(1))),
  ]) {
    const notebook = parsed(text);
    const codes = notebook.cells.filter(cell => cell.type === 'code').map(cell => cell.index);
    const update = fc.record({
      cell: fc.constantFrom(...codes),
      outputs: fc.array(anyOutput, { maxLength: 4 }),
      executionCount: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(fc.uniqueArray(update, { selector: one => one.cell }), updates => {
        const written = spliceOutputs(text, updates);
        assert.equal(skeleton(written), skeleton(text));
        const again = parsed(written);
        for (const one of updates) {
          const cell = again.cells[one.cell];
          assert.ok(cell);
          const back = readOutputs(again, cell);
          assert.deepEqual(back, { outputs: one.outputs, executionCount: one.executionCount });
          assert.equal(
            canonicalOutputs([back]),
            canonicalOutputs([{ outputs: one.outputs, executionCount: one.executionCount }]),
          );
        }
        assert.equal(spliceOutputs(written, updates), written, 'writing twice changes nothing');
      }),
      { numRuns: 150 },
    );
  }
});

test('real notebooks: own outputs written back leave every byte, others leave all but them', () => {
  const files = corpus();
  for (const file of files) {
    const result = readNotebook(file, file);
    assert.ok(result.ok, JSON.stringify(result));
    const notebook = result.value;
    const codes = notebook.cells.filter(cell => cell.type === 'code');
    const own = codes.map(cell => ({ cell: cell.index, ...readOutputs(notebook, cell) }));
    assert.equal(spliceOutputs(notebook.text, own), notebook.text, file);
    const cleared = spliceOutputs(
      notebook.text,
      codes.map(cell => ({ cell: cell.index, outputs: [], executionCount: null })),
    );
    assert.equal(skeleton(cleared), skeleton(notebook.text), file);
    const restored = spliceOutputs(cleared, own);
    assert.deepEqual(JSON.parse(restored), JSON.parse(notebook.text), file);
  }
});

test('keys that hand-written cells lack are added', () => {
  const text =
    '{"cells": [{"cell_type": "code", "metadata": {}, "source": []}], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}';
  const written = spliceOutputs(text, [{ cell: 0, outputs: [], executionCount: 2 }]);
  assert.deepEqual(JSON.parse(written), {
    cells: [{ cell_type: 'code', metadata: {}, source: [], outputs: [], execution_count: 2 }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 4,
  });
});

test('uid and widget state go into the metadata and out again', () => {
  const text = setMetadata(ODD, ['dagpy', 'uid'], 'u1');
  assert.equal(parsed(text).uid, 'u1');
  assert.equal(setMetadata(text, ['dagpy', 'uid'], 'u1'), text);
  const state = { state: {}, version_major: 2, version_minor: 0 };
  const withWidgets = spliceOutputs(text, [], state);
  assert.deepEqual(readWidgets(parsed(withWidgets)), state);
  assert.equal(spliceOutputs(withWidgets, [], null), text);
  const empty = setMetadata('{"cells": [], "nbformat": 4, "nbformat_minor": 5}', ['dagpy', 'uid'], 'x');
  assert.equal(parsed(empty).uid, 'x');
});

test('a block notebook holds its cells byte for byte', () => {
  const notebook = parsed(ODD);
  const text = buildNotebook(notebook, [0, 2], 'uid-1', { cwd: '..' });
  const block = parsed(text);
  assert.equal(block.uid, 'uid-1');
  assert.equal(block.kernelspec, 'python3');
  assert.deepEqual(
    block.cells.map(cell => text.slice(cell.span.start, cell.span.end)),
    [0, 2].map(index => ODD.slice(notebook.cells[index]?.span.start, notebook.cells[index]?.span.end)),
  );
  assert.equal(/[^\r]\n/.test(text), false);
  assert.ok(text.includes('"10": 12345678901234567890'));
  const built = corpus().map(file => {
    const original = parsed(readFileSync(file, 'utf8'));
    const whole = buildNotebook(
      original,
      original.cells.map(cell => cell.index),
      'u',
    );
    const before = original.cells.map(cell => original.text.slice(cell.span.start, cell.span.end));
    assert.deepEqual(
      parsed(whole).cells.map(cell => whole.slice(cell.span.start, cell.span.end)),
      before,
      file,
    );
    return { file, original: original.text, whole };
  });
  // A file in nbformat's own form gives blocks in that form.
  const rewritten = writtenByNbformat(built.flatMap(({ original, whole }) => [original, whole]));
  for (const [index, { file, original, whole }] of built.entries()) {
    if (rewritten[2 * index]?.trimEnd() !== original.trimEnd()) continue;
    assert.equal(rewritten[2 * index + 1]?.trimEnd(), whole.trimEnd(), file);
  }
});

test('what is no notebook is told with place and remedy', () => {
  const cases: readonly [text: string, code: string, line: number | undefined][] = [
    ['', 'json-syntax', 1],
    ['{"cells": [\n  1,\n]}', 'json-syntax', 3],
    ['{"cells": [{"a": NaN}]}', 'json-syntax', 1],
    ['{\n<<<<<<< ours\n"a": 1,\n=======\n"a": 2,\n>>>>>>> theirs\n"cells": []}', 'json-merge-conflict', 2],
    ['[]', 'notebook-invalid', 1],
    ['{"a": 1}', 'notebook-invalid', 1],
    ['{"nbformat": 3, "worksheets": []}', 'notebook-old-format', 1],
    ['{"nbformat": 5, "cells": []}', 'notebook-invalid', 1],
    ['{"nbformat": 4, "nbformat_minor": 5, "cells": [\n{"cell_type": "code"}]}', 'notebook-invalid', 2],
    [
      '{"nbformat": 4, "nbformat_minor": 5, "cells": [\n{"cell_type": "heading", "source": ""}]}',
      'notebook-invalid',
      2,
    ],
    [
      '{"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "raw", "source": "", "id": "a"},\n{"cell_type": "raw", "source": "", "id": "a"}]}',
      'notebook-doubled-cell-id',
      2,
    ],
  ];
  for (const [text, code, line] of cases) {
    const result = parseNotebook(text, 'n.ipynb');
    assert.ok(!result.ok, text);
    assert.deepEqual(
      result.problems.map(problem => problem.code),
      [code],
      text,
    );
    assert.equal(result.problems[0]?.line, line, text);
    assert.ok(result.problems.every(problem => problem.remedy !== '' && problem.file === 'n.ipynb'));
  }
  const missing = readNotebook(join(folder, 'nowhere.ipynb'), 'nowhere.ipynb');
  assert.equal(missing.ok ? '' : missing.problems[0]?.code, 'notebook-missing');
  writeFileSync(join(folder, 'latin.ipynb'), Buffer.from([0x7b, 0xe4, 0x7d]));
  const latin = readNotebook(join(folder, 'latin.ipynb'), 'latin.ipynb');
  assert.equal(latin.ok ? '' : latin.problems[0]?.code, 'not-utf8');
});

test('cells without ids get ids by place, and none is written', () => {
  const text =
    '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "raw", "metadata": {}, "source": ""}]}';
  assert.equal(parsed(text).cells[0]?.id, 'cell-1');
  assert.equal(parsed(buildNotebook(parsed(text), [0], 'u')).minor, 4);
  assert.equal(buildNotebook(parsed(text), [0], 'u').includes('"id"'), false);
});

test('a notebook of format 3 upgrades to text that is the same each time', () => {
  const file = join(folder, 'old.ipynb');
  const old = {
    nbformat: 3,
    nbformat_minor: 0,
    metadata: { name: 'x' },
    worksheets: [
      { cells: [{ cell_type: 'code', language: 'python', input: ['x = 1'], outputs: [], collapsed: false }] },
    ],
  };
  writeFileSync(file, JSON.stringify(old));
  const first = upgradeNotebook(python, file, 'old.ipynb');
  const second = upgradeNotebook(python, file, 'old.ipynb');
  assert.ok(first.ok && second.ok, JSON.stringify(first));
  assert.equal(first.value, second.value);
  assert.equal(parsed(first.value).cells[0]?.source, 'x = 1');
  writeFileSync(file, '{"nbformat": 3}');
  const broken = upgradeNotebook(python, file, 'old.ipynb');
  assert.equal(broken.ok ? '' : broken.problems[0]?.code, 'notebook-upgrade');
});
