// The direction of imports is the compiler's to keep: each folder is a project of its own that sees only what it
// references. These tests write one import into a copy of the projects and look at what tsc says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const folders = ['protocol', 'dagLayout', 'engine', 'adapters', 'daemon', 'cli'] as const;
type Folder = (typeof folders)[number];

const mayImport: Record<Folder, readonly Folder[]> = {
  protocol: [],
  dagLayout: ['protocol'],
  engine: ['protocol'],
  adapters: ['protocol', 'engine'],
  daemon: ['protocol', 'engine'],
  cli: ['protocol', 'dagLayout', 'engine', 'adapters', 'daemon'],
};

/** A copy of the projects' settings with one tiny module a folder. */
function copyOfProjects(): string {
  const copy = mkdtempSync(join(tmpdir(), 'dagpy-layering-'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  for (const file of ['package.json', 'tsconfig.base.json']) cpSync(join(root, file), join(copy, file));
  for (const folder of folders) {
    mkdirSync(join(copy, 'src', folder), { recursive: true });
    cpSync(join(root, 'src', folder, 'tsconfig.json'), join(copy, 'src', folder, 'tsconfig.json'));
    writeFileSync(join(copy, 'src', folder, 'own.ts'), `export const ${folder}: string = '${folder}';\n`);
  }
  return copy;
}

function compile(copy: string, folder: Folder): string {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-b', join('src', folder)], {
    cwd: copy,
    encoding: 'utf8',
  });
  return stdout;
}

describe('direction of imports', () => {
  const copy = copyOfProjects();
  after(() => rmSync(copy, { recursive: true, force: true }));

  for (const folder of folders) {
    const written = join(copy, 'src', folder, 'importing.ts');
    const others = folders.filter(other => other !== folder);

    test(`${folder} compiles with what it may import`, () => {
      writeFileSync(
        written,
        mayImport[folder].map(other => `export * from '../${other}/own.js';\n`).join('') || 'export {};\n',
      );
      assert.equal(compile(copy, folder), '');
    });

    const forbidden = others.filter(other => !mayImport[folder].includes(other));
    if (forbidden.length === 0) continue;
    test(`${folder} does not compile with ${forbidden.join(', ')}`, () => {
      // a type-only import counts too
      writeFileSync(written, forbidden.map(other => `export type * from '../${other}/own.js';\n`).join(''));
      const output = compile(copy, folder);
      for (const other of forbidden)
        assert.match(output, new RegExp(`/${other}/own\\.ts' is not (listed|under)`));
      writeFileSync(written, 'export {};\n');
      assert.equal(compile(copy, folder), '');
    });
  }

  for (const folder of ['protocol', 'dagLayout', 'engine'] as const) {
    test(`${folder} knows neither Node nor a browser`, () => {
      const written = join(copy, 'src', folder, 'importing.ts');
      writeFileSync(
        written,
        `import { readFileSync } from 'node:fs';\nexport const all = [readFileSync, process, window];\n`,
      );
      const output = compile(copy, folder);
      for (const name of ['node:fs', 'process', 'window'])
        assert.match(output, new RegExp(`Cannot find .*'${name}'`));
      writeFileSync(written, 'export {};\n');
    });
  }
});
