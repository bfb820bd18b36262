/** Several notebooks written together: all of them, or none. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { copyNotebooks, moveOf, writeTexts } from '../../src/adapters/blockFiles.js';
import { readTextFile } from '../../src/adapters/textFile.js';
import { blockId } from '../../src/protocol/ids.js';

const folder = mkdtempSync(join(tmpdir(), 'dagpy-blocks-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const content = (file: string): string => readFileSync(join(folder, file), 'utf8');
function read(file: string) {
  const result = readTextFile(join(folder, file), file, 1e6);
  assert.ok(result.ok);
  return result.value;
}

test('what can not be written takes the others back', () => {
  writeFileSync(join(folder, 'a'), 'a');
  writeFileSync(join(folder, 'b'), 'b');
  const [a, b] = [read('a'), read('b')];
  writeFileSync(join(folder, 'b'), 'somebody else');
  const written = writeTexts(folder, [
    { file: 'new', before: null, text: 'new' },
    { file: 'a', before: a, text: 'A' },
    { file: 'b', before: b, text: 'B' },
  ]);
  assert.equal(written.ok ? '' : written.problems[0]?.code, 'file-changed');
  assert.deepEqual(
    [content('a'), content('b'), existsSync(join(folder, 'new'))],
    ['a', 'somebody else', false],
  );
  const again = writeTexts(folder, [
    { file: 'a', before: read('a'), text: 'A' },
    { file: 'new', before: null, text: 'new' },
  ]);
  assert.ok(again.ok && content('a') === 'A' && content('new') === 'new');
  again.value.undo();
  assert.deepEqual([content('a'), existsSync(join(folder, 'new'))], ['a', false]);
});

test('notebooks that are named after their block go along with its name', () => {
  assert.deepEqual(moveOf({ id: blockId('a'), notebook: 'n/a.ipynb' }, 'b'), {
    from: 'n/a.ipynb',
    to: 'n/b.ipynb',
  });
  assert.equal(moveOf({ id: blockId('a'), notebook: 'n/x.ipynb' }, 'b'), undefined);
  writeFileSync(join(folder, 'one'), '1');
  writeFileSync(join(folder, 'taken'), 't');
  const toTaken = [
    { from: 'one', to: 'two' },
    { from: 'one', to: 'taken' },
  ];
  const refused = copyNotebooks(folder, toTaken, []);
  assert.ok(!refused.ok && !existsSync(join(folder, 'two')) && content('taken') === 't');
  // what an earlier try left is no obstacle, and is not taken away where this one fails
  writeFileSync(join(folder, 'two'), '1');
  assert.ok(!copyNotebooks(folder, toTaken, []).ok && content('two') === '1');
  const copied = copyNotebooks(folder, [{ from: 'one', to: 'two' }], []);
  assert.ok(copied.ok);
  copied.value.finish();
  assert.ok(content('two') === '1' && !existsSync(join(folder, 'one')));
  assert.deepEqual(
    readdirSync(folder).filter(name => name.endsWith('.tmp')),
    [],
  );
});
