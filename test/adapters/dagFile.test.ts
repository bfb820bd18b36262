import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { findProject } from '../../src/adapters/dagFile/find.js';
import { changeDagFile, createDagFile } from '../../src/adapters/dagFile/change.js';
import { loadDagFile } from '../../src/adapters/dagFile/index.js';
import { decodeDagFile, editDagFile, type DagEdit } from '../../src/protocol/dagFileCodec/index.js';
import { blockId } from '../../src/protocol/ids.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dagpy-dag-')));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
function project(text?: string): string {
  const place = join(folder, `p${count++}`);
  mkdirSync(place);
  if (text !== undefined) writeFileSync(join(place, 'dag.json'), text);
  return place;
}

const DESIGN = `{
  "version": 1,
  "name": "churn",
  "kernel": "python3",
  "cache": { "keep": 3, "maxBytes": "20GB" },
  "parameters": { "year": 2024 },
  "tags": { "team": "growth" },
  "blocks": {
    "load":  { "notebook": "demo/load.ipynb", "inputs": ["demo/data/*.csv"] },
    "clean": { "notebook": "demo/clean.ipynb", "parents": ["load"], "filter": ["df", "stats_*"] },
    "model": { "notebook": "demo/model.ipynb", "parents": [{ "block": "clean", "use": { "df": "frame" } }], "filter": "auto",
               "each": { "alpha": [0.1, 1, 10] }, "tags": { "kind": "model" } }
  },
  "schedules": { "nightly": { "cron": "0 6 * * *", "timezone": "Europe/Zagreb", "run": "affected", "missed": "latest" } },
  "triggers":  { "new data": { "files": ["demo/data/*.csv"], "settle": "5s", "run": "affected" } }
}
`;

const id = blockId;
const codes = (text: string) => {
  const result = decodeDagFile(text);
  return result.ok ? [] : result.problems.map(problem => `${problem.line}:${problem.code}`);
};
const withBlocks = (blocks: string, rest = '') => `{\n"version": 1,${rest}\n"blocks": {\n${blocks}\n}\n}`;

test('the example of the design decodes, with what cannot run yet set apart', () => {
  const result = decodeDagFile(DESIGN);
  assert.ok(result.ok, JSON.stringify(result));
  const { dag, warnings, unsupported } = result.value;
  assert.deepEqual(warnings, []);
  assert.deepEqual(
    dag.blocks.map(block => block.id),
    ['load', 'clean', 'model'],
  );
  assert.equal(dag.cache.maxBytes, 20e9);
  assert.equal(dag.seed, 0);
  assert.deepEqual(dag.blocks[1]?.filter, { kind: 'names', patterns: ['df', 'stats_*'] });
  assert.deepEqual(dag.blocks[2]?.parents, [{ block: 'clean', use: new Map([['df', 'frame']]) }]);
  assert.deepEqual([...unsupported.keys()], ['model']);
  assert.equal(unsupported.get(id('model'))?.line, 12);
});

test('blocks keep the order of the file, also where ids look like numbers or like parts of objects', () => {
  const ids = ['b', '10', '2', 'constructor', 'hasOwnProperty', 'größe', '数据'];
  const result = decodeDagFile(
    withBlocks(ids.map((name, n) => `"${name}": {"notebook": "${n}.ipynb"}`).join(',\n')),
  );
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(
    result.value.dag.blocks.map(block => block.id),
    ids,
  );
});

test('every problem is told at once, each with its line', () => {
  const text = withBlocks(
    `"a": {"notebook": "../a.ipynb", "filter": 3},
"b": {"notebook": "b.ipynb", "parents": ["nope", {"block": "a", "use": {"x": "1y"}}]},
"b": {"notebook": "b.ipynb"},
"c/d": {"notebook": "c.ipynb", "retries": -1, "retris": 1},
"e": {},
"f": {"notebook": "c.ipynb", "cwd": "/tmp", "timeout": "soon"},
"g": []`,
    '"cache": {"keep": "3"}, "parameters": {"if": 1, "n": 12345678901234567890},',
  );
  assert.deepEqual(codes(text), [
    '2:dag-type',
    '2:dag-name',
    '2:dag-number',
    '4:dag-path',
    '4:dag-type',
    '6:dag-doubled-block',
    '7:dag-name',
    '7:dag-type',
    '8:dag-missing-field',
    '9:dag-same-notebook',
    '9:dag-path',
    '9:dag-type',
    '10:dag-type',
  ]);
  const result = decodeDagFile(text);
  assert.ok(!result.ok);
  assert.deepEqual(
    result.warnings.map(warning => `${warning.line}:${warning.code}`),
    ['7:dag-unknown-key'],
  );
  const unknown = decodeDagFile(
    withBlocks('"b": {"notebook": "b.ipynb", "parents": ["nope"], "after": ["x"]}', '"prelude": "y",'),
  );
  assert.ok(!unknown.ok);
  assert.deepEqual(
    unknown.problems.map(problem => problem.code),
    Array(3).fill('dag-unknown-block'),
  );
});

test('syntax errors, wrong versions, empty, deep and odd files are told', () => {
  assert.deepEqual(codes(''), ['1:json-syntax']);
  assert.deepEqual(codes('{\n"version": 1,\n}'), ['3:json-syntax']);
  assert.deepEqual(codes('{\n// why\n"version": 1, "blocks": {}}'), ['2:json-syntax']);
  assert.deepEqual(codes('{"version": 1, "blocks": {}} x'), ['1:json-syntax']);
  assert.deepEqual(codes('[]'), ['1:dag-type']);
  assert.deepEqual(codes('null'), ['1:dag-type']);
  assert.deepEqual(codes('{"version": 2, "blocks": {}}'), ['1:dag-version']);
  assert.deepEqual(codes('{"blocks": {}}'), ['1:dag-missing-field']);
  assert.deepEqual(codes('{"version": 1}'), ['1:dag-missing-field']);
  assert.deepEqual(codes('{"version": 1, "version": 1, "blocks": {}}'), ['1:dag-doubled-key']);
  assert.deepEqual(codes(`{"a": ${'['.repeat(100_000)}`), ['undefined:json-nesting']);
  assert.deepEqual(codes('\uFEFF{"version": 1,\r\n"blocks": {}}'), []);
});

test('paths of notebooks that lead elsewhere are refused', () => {
  for (const path of [
    '/a.ipynb',
    '../a.ipynb',
    'a/../../b.ipynb',
    'a\\\\b.ipynb',
    'C:/a.ipynb',
    '~/a.ipynb',
    './a.ipynb',
    'a//b.ipynb',
    'a\\u0000.ipynb',
    'a.py',
    '',
    '.dagpy/a.ipynb',
  ]) {
    assert.deepEqual(codes(withBlocks(`"a": {"notebook": "${path}"}`)), ['4:dag-path'], path);
  }
  for (const name of [
    '',
    '.a',
    '-a',
    'a/b',
    'a b',
    'all',
    'affected',
    'a\\n',
    '__proto__',
    'x'.repeat(101),
    'e\u0301',
  ]) {
    assert.deepEqual(codes(withBlocks(`"${name}": {"notebook": "a.ipynb"}`)), ['4:dag-name'], name);
  }
});

test('any text decodes or is refused with a message', () => {
  const json = fc.json({ maxDepth: 4 });
  const nearly = fc
    .tuple(fc.nat(DESIGN.length), fc.nat(30), fc.string({ maxLength: 4 }))
    .map(([at, length, put]) => DESIGN.slice(0, at) + put + DESIGN.slice(at + length));
  const shaped = fc
    .json({ maxDepth: 3 })
    .map(value =>
      withBlocks(
        `"a": ${value}, "b": {"notebook": "b.ipynb", "parents": ${value}}`,
        `"cache": ${value}, "tags": ${value},`,
      ),
    );
  fc.assert(
    fc.property(fc.oneof(json, nearly, shaped, fc.string()), text => {
      const result = decodeDagFile(text);
      if (result.ok) return;
      assert.ok(result.problems.length > 0);
      for (const problem of result.problems) assert.ok(problem.message !== '' && problem.remedy !== '');
    }),
    { numRuns: 2000 },
  );
});

test('parameters that Python would get with another type are warned about', () => {
  const result = decodeDagFile(withBlocks('', '"parameters": {"a": 1.0, "b": 1.5, "c": [2, 3e2]},'));
  assert.ok(result.ok);
  assert.deepEqual(
    result.value.warnings.map(one => `${one.line}:${one.column} ${one.code}`),
    ['2:34 dag-float', '2:58 dag-float'],
  );
});

test('edits keep layout, order, unknown keys and line ends', () => {
  const text = DESIGN.replace('"tags": { "team"', '"mine": [1.0, 2],\n  "tags": { "team"').replaceAll(
    '\n',
    '\r\n',
  );
  const edit = (...edits: DagEdit[]) => {
    const result = editDagFile(text, edits);
    assert.ok(result.ok, JSON.stringify(result));
    assert.equal(/[^\r]\n/.test(result.value), false);
    return result.value;
  };
  const changed = (after: string) => {
    const before = new Set(text.split('\r\n'));
    return after
      .split('\r\n')
      .filter(one => !before.has(one))
      .map(one => one.trim());
  };
  assert.deepEqual(
    changed(
      edit({
        kind: 'addBlock',
        after: id('load'),
        block: { id: 'mid', notebook: 'mid.ipynb', parents: [{ block: id('load') }] },
      }),
    ),
    ['"mid": { "notebook": "mid.ipynb", "parents": ["load"] },'],
  );
  assert.deepEqual(
    changed(edit({ kind: 'setFilter', block: id('load'), filter: { kind: 'names', patterns: ['df'] } })),
    ['"load":  { "notebook": "demo/load.ipynb", "inputs": ["demo/data/*.csv"], "filter": ["df"] },'],
  );
  assert.deepEqual(changed(edit({ kind: 'link', parent: { block: id('load') }, child: id('model') })), [
    '"model": { "notebook": "demo/model.ipynb", "parents": [{ "block": "clean", "use": { "df": "frame" } }, "load"], "filter": "auto",',
  ]);
  assert.deepEqual(changed(edit({ kind: 'unlink', parent: id('load'), child: id('clean') })), [
    '"clean": { "notebook": "demo/clean.ipynb", "filter": ["df", "stats_*"] },',
  ]);
  assert.deepEqual(changed(edit({ kind: 'removeBlock', block: id('clean') })), [
    '"model": { "notebook": "demo/model.ipynb", "parents": ["load"], "filter": "auto",',
  ]);
  assert.deepEqual(
    changed(
      edit({ kind: 'setPrelude', block: id('load') }, { kind: 'renameBlock', from: id('load'), to: 'read' }),
    ),
    [
      '"prelude": "read",',
      '"read":  { "notebook": "demo/load.ipynb", "inputs": ["demo/data/*.csv"] },',
      '"clean": { "notebook": "demo/clean.ipynb", "parents": ["read"], "filter": ["df", "stats_*"] },',
    ],
  );
  assert.equal(edit({ kind: 'setPrelude', block: id('load') }, { kind: 'setPrelude', block: null }), text);
});

test('a block that is parent, waited for and prelude at once can be removed', () => {
  const text = withBlocks(
    '"a": {"notebook": "a.ipynb"}, "b": {"notebook": "b.ipynb", "parents": ["a"], "after": ["a"]}, "c": {"parents": ["a", "b"], "after": ["b", "a"], "notebook": "c.ipynb"}',
    '"prelude": "a",',
  );
  const result = editDagFile(text, [{ kind: 'removeBlock', block: id('a') }]);
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(
    result.value,
    withBlocks(
      '"b": {"notebook": "b.ipynb"}, "c": {"parents": ["b"], "after": ["b"], "notebook": "c.ipynb"}',
    ),
  );
});

test('edits that make no sense are refused and change nothing', () => {
  const code = (edit: DagEdit) => {
    const result = editDagFile(DESIGN, [edit]);
    return result.ok ? 'ok' : result.problems[0]?.code;
  };
  assert.equal(code({ kind: 'link', parent: { block: id('x') }, child: id('load') }), 'unknown-block');
  assert.equal(code({ kind: 'unlink', parent: id('model'), child: id('load') }), 'not-linked');
  assert.equal(code({ kind: 'addBlock', block: { id: 'load', notebook: 'x.ipynb' } }), 'block-exists');
  assert.equal(
    code({ kind: 'addBlock', block: { id: 'new', notebook: 'demo/load.ipynb' } }),
    'dag-same-notebook',
  );
  assert.equal(code({ kind: 'renameBlock', from: id('load'), to: 'all' }), 'dag-name');
});

test('random edits agree with the same edits on the decoded file', () => {
  const names = ['a', 'b', 'c', 'd'].map(id);
  const name = fc.constantFrom(...names);
  const edit: fc.Arbitrary<DagEdit> = fc.oneof(
    fc.record({
      kind: fc.constant('addBlock' as const),
      block: name.map(block => ({ id: block, notebook: `${block}.ipynb` })),
    }),
    fc.record({ kind: fc.constant('removeBlock' as const), block: name }),
    fc.record({ kind: fc.constant('link' as const), parent: fc.record({ block: name }), child: name }),
    fc.record({ kind: fc.constant('unlink' as const), parent: name, child: name }),
    fc.record({ kind: fc.constant('setPrelude' as const), block: fc.option(name) }),
  );
  const start = fc.constantFrom(
    '{"version":1,"blocks":{}}',
    '{\n\t"version": 1,\n\t"blocks": {\n\t}\n}',
    '{ "blocks" : { } , "version" : 1 }',
  );
  fc.assert(
    fc.property(start, fc.array(edit, { maxLength: 15 }), (empty, edits) => {
      let text: string = empty;
      const model = new Map<string, string[]>();
      for (const one of edits) {
        const result = editDagFile(text, [one]);
        if (!result.ok) continue;
        text = result.value;
        if (one.kind === 'addBlock') model.set(one.block.id, []);
        if (one.kind === 'link' && !model.get(one.child)?.includes(one.parent.block))
          model.get(one.child)?.push(one.parent.block);
        if (one.kind === 'unlink')
          model.set(
            one.child,
            (model.get(one.child) ?? []).filter(parent => parent !== one.parent),
          );
        if (one.kind === 'removeBlock') {
          const inherited = (model.get(one.block) ?? []).filter(parent => parent !== one.block);
          model.delete(one.block);
          for (const [child, parents] of model) {
            const added = inherited.filter(parent => parent !== child && !parents.includes(parent));
            model.set(
              child,
              parents.flatMap(parent => (parent === one.block ? added : [parent])),
            );
          }
        }
      }
      const decoded = decodeDagFile(text);
      assert.ok(decoded.ok, text);
      assert.deepEqual(
        decoded.value.dag.blocks.map(block => [block.id, block.parents.map(parent => parent.block)]),
        [...model],
      );
    }),
    { numRuns: 400 },
  );
});

test('a project is made, found from below, changed on disk, and never made twice', () => {
  const place = project();
  const made = createDagFile(place, {
    name: 'n',
    kernel: 'python3',
    blocks: [{ id: 'a', notebook: 'a.ipynb' }],
  });
  assert.ok(made.ok, JSON.stringify(made));
  assert.equal(
    made.value.text,
    '{\n  "version": 1,\n  "name": "n",\n  "kernel": "python3",\n  "blocks": {\n    "a": { "notebook": "a.ipynb" }\n  }\n}\n',
  );
  const again = createDagFile(place, { name: 'n', kernel: 'python3', blocks: [] });
  assert.equal(again.ok ? '' : again.problems[0]?.code, 'project-exists');
  mkdirSync(join(place, 'deep', 'er'), { recursive: true });
  assert.deepEqual(findProject(join(place, 'deep', 'er')), { ok: true, value: place });
  const changed = changeDagFile(place, [{ kind: 'renameBlock', from: id('a'), to: 'b' }]);
  assert.ok(changed.ok);
  assert.ok(readFileSync(join(place, 'dag.json'), 'utf8').includes('"b": {'));
  const none = findProject(folder);
  assert.equal(none.ok ? '' : none.problems[0]?.code, 'no-project');
});

test(
  'notebooks that are links out of the project, or to one file, are refused',
  { skip: process.platform === 'win32' },
  () => {
    const outside = project();
    writeFileSync(join(outside, 'x.ipynb'), '{}');
    const place = project(
      '{"version": 1, "blocks": {"a": {"notebook": "a.ipynb"}, "b": {"notebook": "in/new.ipynb"}, "c": {"notebook": "c.ipynb"}, "d": {"notebook": "d.ipynb"}}}',
    );
    symlinkSync(join(outside, 'x.ipynb'), join(place, 'a.ipynb'));
    symlinkSync(outside, join(place, 'in'));
    writeFileSync(join(place, 'c.ipynb'), '{}');
    symlinkSync('c.ipynb', join(place, 'd.ipynb'));
    const loaded = loadDagFile(place);
    assert.deepEqual(loaded.ok ? [] : loaded.problems.map(problem => problem.code), [
      'dag-path',
      'dag-path',
      'dag-same-notebook',
    ]);
  },
);
