/** Header cells: what is written is read back, and people may write them as they like. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { disputeLine, formatHeader, parseHeader } from '../../../src/protocol/flow/headers.js';

test('what people write', () => {
  const read = (source: string) => parseHeader(source);
  assert.deepEqual(read('## Block: clean'), { name: 'clean', rest: [] });
  assert.deepEqual(read('\n# block : `clean` ##\r\n* parents: load,raw  x\r\nFilter: "df"\r\n\r\nText'), {
    name: 'clean',
    parents: ['load', 'raw', 'x'],
    filter: ['df'],
    rest: ['Text'],
  });
  for (const nothing of ['', 'none', 'Nothing', '-', '–'])
    assert.deepEqual(read(`## Block: a\n- Parents: ${nothing}`)?.parents, []);
  assert.deepEqual(read('## Block: a\n- Filter: none')?.filter, []);
  assert.equal(read('## Block: a\n- Filter:')?.filter, undefined);
  // A second line of the same kind is prose.
  assert.deepEqual(read('## Block: a\n- Parents: b\n- Parents: c'), {
    name: 'a',
    parents: ['b'],
    rest: ['- Parents: c'],
  });
  for (const prose of ['', 'Block: a', '## Blocks: a', '## Block:', '## Block 1: a', 'x\n## Block: a'])
    assert.equal(read(prose), undefined, prose);
});

test('globs and names with underscores are no emphasis', () => {
  const header = {
    name: 'a',
    parents: ['x_', 'none'],
    filter: ['*price*', '_df_', '*', '__all__'],
    rest: [],
  };
  assert.deepEqual(parseHeader(formatHeader(header)), header);
});

test('what dag.json says otherwise is told and not read', () => {
  const source = `${formatHeader({ name: 'a', parents: [], filter: ['x'], rest: [disputeLine('Filter:', ['y'])] })}\nmore`;
  assert.deepEqual(parseHeader(source), {
    name: 'a',
    parents: [],
    filter: ['x'],
    rest: ['more'],
    isDisputed: true,
  });
});

const id = fc.stringMatching(/^[A-Za-zé0-9][A-Za-zé0-9._-]{0,8}$/);
const pattern = fc.oneof(
  fc.stringMatching(/^[a-z_*?][a-z0-9_*?]{0,6}$/),
  fc.constantFrom('none', 'nothing', '[a-c]x', 'x[, ]y', '*a*', '_b_'),
);
const line = fc
  .stringMatching(/^[^\r\n]{1,20}$/)
  .filter(text => text.trim() !== '' && !/parents|filter|^>/i.test(text));

test('any header is read back as it was', () => {
  fc.assert(
    fc.property(
      id,
      fc.uniqueArray(id, { maxLength: 4 }),
      fc.array(pattern, { maxLength: 4 }),
      fc.array(line, { maxLength: 3 }),
      fc.constantFrom('\n', '\r\n'),
      (name, parents, filter, rest, newline) => {
        const header = { name, parents, filter, rest };
        assert.deepEqual(parseHeader(formatHeader(header).replaceAll('\n', newline)), header);
      },
    ),
    { numRuns: 3_000 },
  );
});
