import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { History } from '../../src/cli/serve/history.js';

const dagOf = (name: string): string =>
  JSON.stringify({
    version: 1,
    name,
    kernel: 'python3',
    blocks: { a: { notebook: 'a.ipynb' }, b: { notebook: 'b.ipynb' } },
  });

const notebookOf = (source: string): string =>
  JSON.stringify({
    cells: [{ cell_type: 'code', metadata: {}, source, outputs: [], execution_count: null }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 4,
  });

test('what others write while an edit waits is never undone', async context => {
  const folder = mkdtempSync(join(tmpdir(), 'dagpy-history-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  write('dag.json', dagOf('before'));
  for (const file of ['a.ipynb', 'b.ipynb']) write(file, notebookOf('old'));
  const history = new History(folder);
  await history.remember('an edit', async writing => {
    // A run that ends, or somebody who saves, while Python tells whether notebooks are trusted.
    write('a.ipynb', notebookOf('saved by somebody before'));
    await Promise.resolve();
    writing(() => {
      write('dag.json', dagOf('after'));
      write('b.ipynb', notebookOf('of the edit'));
    });
    await Promise.resolve();
    write('a.ipynb', notebookOf('saved by somebody after'));
  });
  history.undo();
  assert.equal(read('dag.json'), dagOf('before'));
  assert.equal(read('b.ipynb'), notebookOf('old'));
  assert.equal(read('a.ipynb'), notebookOf('saved by somebody after'));
  history.redo();
  assert.equal(read('b.ipynb'), notebookOf('of the edit'));
  assert.equal(read('a.ipynb'), notebookOf('saved by somebody after'));
});
