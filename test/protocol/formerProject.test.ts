import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeDelimiter, decodeFormerProject } from '../../src/protocol/formerProject/index.js';

const FILE = 'old.dagpy';

function decoded(project: unknown) {
  const result = decodeFormerProject(typeof project === 'string' ? project : JSON.stringify(project), FILE);
  assert.ok(result.ok, result.ok ? '' : result.problems[0]?.message);
  return result.value;
}

function refused(project: unknown): string {
  const text = typeof project === 'string' ? project : JSON.stringify(project);
  const result = decodeFormerProject(text, FILE);
  assert.ok(!result.ok, `${text.slice(0, 200)} should be refused`);
  for (const { file, remedy } of result.problems) {
    assert.equal(file, FILE);
    assert.notEqual(remedy, '');
  }
  return result.problems.map(({ message, line = 0 }) => `${String(line)}: ${message}`).join('\n');
}

const one = (block: unknown) => ({ id: 'p', blocks: { A: block } });

test('a project as the original wrote it', () => {
  const project = decoded({
    id: 'churn',
    blocks: {
      A: { filter: ['x', 'y'], parents: [], file: 'A.ipynb', description: 'two\nlines' },
      B: { filter: [], parents: ['A', 'A'], file: './sub\\B.ipynb', description: '' },
    },
  });
  assert.equal(project.name, 'churn');
  assert.deepEqual(project.warnings, []);
  const [a, b] = project.blocks;
  assert.deepEqual(a?.filter, { kind: 'names', names: ['x', 'y'] });
  assert.equal(a?.description, 'two\nlines');
  assert.deepEqual(b?.parents, ['A']);
  assert.equal(b?.file, 'sub/B.ipynb');
});

test('every field may be missing, and an empty one counts as missing', () => {
  for (const block of [
    {},
    { file: '', filter: [], parents: '' },
    { file: null, filter: null, parents: null, description: null },
  ]) {
    const { file, filter, parents, description } = decoded(one(block)).blocks[0]!;
    assert.deepEqual(
      [file, filter, parents, description],
      ['A.ipynb', { kind: 'names', names: [] }, [], ''],
      JSON.stringify(block),
    );
  }
  assert.equal(decoded({ blocks: {} }).name, undefined);
});

test('a filter that is off hands on the session', () => {
  for (const filter of ['off', ' OFF ', false])
    assert.deepEqual(decoded(one({ filter })).blocks[0]?.filter, { kind: 'off' });
  // In a list it is the name of a variable.
  assert.deepEqual(decoded(one({ filter: ['off'] })).blocks[0]?.filter, { kind: 'names', names: ['off'] });
});

test('blocks keep their order, numbers too, and say where they stand', () => {
  const { blocks } = decoded('{"blocks": {\n"b": {},\n"2": {},\n"1": {}}}');
  assert.deepEqual(
    blocks.map(block => [block.id, block.place.line]),
    [
      ['b', 2],
      ['2', 3],
      ['1', 4],
    ],
  );
});

test('what is read otherwise than it is written is told', () => {
  const { blocks, warnings } = decoded({ ...one({ filter: 'x, y', creator: 'me' }), extra: 1 });
  assert.deepEqual(blocks[0]?.filter, { kind: 'names', names: ['x', 'y'] });
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['import-field', 'import-list', 'import-field'],
  );
});

test('a wrong field is an error with its place', () => {
  assert.match(refused('{"blocks": {\n "A": {\n  "filter": [1]}}}'), /^3: 1 in "filter" of the block "A"/);
  assert.match(refused(one({ parents: {} })), /"parents" of the block "A" is not a list of names/);
  assert.match(refused(one({ file: 3 })), /"file" of the block "A" is not text/);
  assert.match(refused(one({ description: [] })), /"description" of the block "A" is not text/);
  assert.match(refused(one([])), /the block "A" is not an object/);
  assert.match(refused({ id: {}, blocks: {} }), /"id" is not text/);
  assert.match(refused({ id: 'x' }), /"blocks" must be an object/);
  assert.match(refused('[]'), /is no project of the original dagpy/);
  assert.match(refused('{"nbformat": 4, "cells": []}'), /is a notebook, not a project file/);
  assert.match(refused('{"blocks": {"A": {},\n "A": {}}}'), /^2: the block "A" stands in the file twice/);
  assert.match(refused('{"blocks": {},}'), /^1: /);
  assert.match(refused(''), /empty/);
});

test('hostile names and paths are refused', () => {
  for (const file of [
    '../A.ipynb',
    '/etc/passwd',
    'C:\\A.ipynb',
    'a/../../b.ipynb',
    '~/A.ipynb',
    'a\u0000b',
    '..',
  ])
    assert.match(refused(one({ file })), /"file" of the block "A", .*(leaves|absolute|control)/, file);
  assert.match(refused({ blocks: { '../A': {} } }), /leaves its folder/);
  assert.match(refused({ blocks: { 'A\u001b[2J': {} } }), /contains a control character/);
  assert.match(refused({ blocks: { '': {} } }), /is empty/);
  assert.match(refused({ blocks: { ['A'.repeat(300)]: {} } }), /longer than/);
  assert.match(refused(one({ filter: ['x\ny'] })), /control character/);
  assert.match(refused(one({ description: '\u0007' })), /control character/);
  assert.match(refused('['.repeat(100_000)), /nested/);
  assert.deepEqual(decoded('{"blocks": {"__proto__": {"filter": ["x"]}}}').blocks[0]?.id, '__proto__');
  const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`b${String(index)}`, {}]));
  assert.match(refused({ blocks: many }), /more than 10000 blocks/);
});

test('whatever the file holds, the answer is a project or a problem', () => {
  fc.assert(
    fc.property(fc.json(), fc.anything(), (text, block) => {
      decodeFormerProject(text, FILE);
      decodeFormerProject(JSON.stringify(one(block)) ?? '', FILE);
    }),
    { numRuns: 300 },
  );
});

const CELL = { file: 'flow.ipynb', cell: 3 };

function delimiter(source: string, known?: string) {
  const result = decodeDelimiter(source, known, CELL);
  assert.ok(result.ok, result.ok ? '' : result.problems[0]?.message);
  return result.value;
}

test('attributes of a delimiter cell', () => {
  const { block, warnings } = delimiter(
    '### Block_id\nB\n##### Description\nfirst\n\nthird\n##### Parents\nA, C\n  D\n##### Filter\nx y,\nz\n##### File\n sub/B.ipynb ',
    'B',
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual(block, {
    id: 'B',
    parents: ['A', 'C', 'D'],
    filter: { kind: 'names', names: ['x', 'y', 'z'] },
    file: 'sub/B.ipynb',
    description: 'first\n\nthird',
    place: CELL,
  });
});

test('headings of any level and case, line ends of Windows, anything missing', () => {
  const { block } = delimiter('# BLOCK_ID\r\n\r\n B \r\n######filter\r\nx\r\n');
  assert.deepEqual([block.id, block.filter, block.parents], ['B', { kind: 'names', names: ['x'] }, []]);
  assert.equal(block.file, 'B.ipynb');
  assert.deepEqual(delimiter('', 'only').block.id, 'only');
});

test('what a delimiter says otherwise than its metadata is told', () => {
  assert.deepEqual(
    delimiter('### Block_id\nother', 'B').warnings.map(({ code }) => code),
    ['import-id'],
  );
  assert.equal(delimiter('### Block_id\nother', 'B').block.id, 'B');
  const off = delimiter('### Block_id\nB\n### Filter\noff');
  assert.deepEqual([off.block.filter.kind, off.warnings[0]?.code], ['off', 'import-off']);
  assert.equal(delimiter('### Block_id\nB\n### Author\nme').warnings[0]?.code, 'import-field');
});

test('a delimiter that names no block, or leads elsewhere, is refused with its cell', () => {
  for (const source of ['', '### Block_id\n\n### Filter\nx', '### Block_id\nB\n### File\n../../x.ipynb']) {
    const result = decodeDelimiter(source, undefined, CELL);
    assert.ok(!result.ok, source);
    assert.deepEqual([result.problems[0]?.file, result.problems[0]?.cell], ['flow.ipynb', 3]);
  }
});
