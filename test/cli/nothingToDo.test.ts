/** Guards of start-up: they count what is loaded and opened, since the time that it takes differs by the machine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runtimeFolders } from '../../src/adapters/server/runtimeFolders.js';
// @ts-expect-error scripts are plain JavaScript
import * as buildScript from '../../scripts/build.mjs';
// @ts-expect-error scripts are plain JavaScript
import * as tools from '../../scripts/tools.mjs';

const { build } = buildScript as { build: (options: object) => Promise<number> };
const { bundleFolder, venvBin, wheelNode } = tools as {
  bundleFolder: string;
  venvBin: (name: string) => string;
  wheelNode: () => string;
};

const BLOCKS = 12;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dagpy-nothing-')));
const project = join(folder, 'project');
const record = join(folder, 'record.json');
const hook = join(folder, 'hook.cjs');
/** Where daemons are looked for: nobody else's are there. */
const runtime = mkdtempSync(join(tmpdir(), 'dagpy-runtime-'));
after(() => {
  for (const made of [folder, runtime]) rmSync(made, { recursive: true, force: true });
});

interface Record {
  readonly modules: readonly string[];
  /** Paths by what was asked about them, one entry a call. */
  readonly calls: { readonly [call: string]: readonly string[] };
}

/** Loaded before the program: writes down which files it asks for and which parts of Node it loaded. */
const HOOK = `
const fs = require('node:fs');
const calls = {};
const ofAll = ${JSON.stringify(runtimeFolders({}))};
for (const call of ['openSync', 'readFileSync', 'readdirSync', 'statSync', 'writeFileSync', 'appendFileSync']) {
  const real = fs[call];
  calls[call] = [];
  fs[call] = (path, ...rest) => {
    if (typeof path === 'string') calls[call].push(path);
    // Daemons of other tests would be asked.
    return call === 'readdirSync' && ofAll.includes(path) ? [] : real(path, ...rest);
  };
}
const write = fs.writeFileSync;
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const modules = process.moduleLoadList.filter(name => !before.has(name));
  write(${JSON.stringify(record)}, JSON.stringify({ modules, calls }));
});
`;

function dagpy(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    wheelNode(),
    ['--require', hook, join(bundleFolder, 'dagpy.cjs'), ...words],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        XDG_RUNTIME_DIR: runtime,
        DAGPY_PYTHON: venvBin('python'),
      },
    },
  );
  assert.equal(status, 0, stderr);
  return { stdout, stderr, ...(JSON.parse(readFileSync(record, 'utf8')) as Record) };
}

function makeProject(): void {
  dagpy('init', 'project');
  const blocks: { [id: string]: object } = {};
  for (let index = 0; index < BLOCKS; index += 1) {
    const id = `b${String(index)}`;
    const parent = index === 0 ? undefined : `b${String((index - 1) >> 1)}`;
    // No two blocks store the same, so that an object that is looked at twice shows.
    const source = `${id} = ${parent === undefined ? "''" : parent} + '${id}'\nprint('${id}')`;
    const cell = { cell_type: 'code', id: 'one', metadata: {}, source, outputs: [], execution_count: null };
    const notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] };
    writeFileSync(join(project, `${id}.ipynb`), JSON.stringify(notebook));
    const parents = parent === undefined ? [] : [parent];
    blocks[id] = { notebook: `${id}.ipynb`, parents };
  }
  writeFileSync(join(project, 'dag.json'), JSON.stringify({ version: 1, name: 'nothing', blocks }));
}

before(async () => {
  await build({ types: false, log: () => undefined });
  writeFileSync(hook, HOOK);
  makeProject();
  assert.match(dagpy('run', '-C', project).stderr, new RegExp(`${String(BLOCKS)} ran`));
});

/** What takes Node longest to load. */
const HEAVY = ['child_process', 'crypto', 'net', 'readline', 'stream', 'tty', 'v8', 'worker_threads', 'zlib'];
const heavyAmong = (modules: readonly string[]) =>
  HEAVY.filter(name => modules.includes(`NativeModule ${name}`));

const repeated = (paths: readonly string[]) => paths.filter((path, at) => paths.indexOf(path) !== at);

test('help loads and opens nothing but the program', () => {
  // The first start of any part keeps its compiled code.
  dagpy('--help');
  const { stdout, modules, calls } = dagpy('--help');
  assert.match(stdout, /^Usage: dagpy/);
  assert.deepEqual(heavyAmong(modules), []);
  const opened = ['openSync', 'readFileSync', 'readdirSync'].flatMap(call => calls[call] ?? []);
  const own = [...new Set(opened)].filter(path => path !== join(bundleFolder, 'dagpy.cjs'));
  // Two packs of the bundle, how to read the call and what to say of it, and their compiled code.
  assert.equal(own.length, 4, own.join('\n'));
});

/** Paths below the test's folder that a call opened or listed. */
const openedBy = (calls: Record['calls']): ReadonlySet<string> =>
  new Set(
    ['readFileSync', 'openSync', 'readdirSync'].flatMap(call =>
      (calls[call] ?? []).filter(path => path.startsWith(folder)),
    ),
  );
const NOTHING_RAN = new RegExp(`nothing ran · ${String(BLOCKS)} kept`);

test('a run with nothing to do starts no Python and reads no file twice', () => {
  const { stderr, modules, calls } = dagpy('run', '-C', project);
  assert.match(stderr, NOTHING_RAN);
  assert.deepEqual(heavyAmong(modules), []);

  const ofProject = (call: string) => (calls[call] ?? []).filter(path => path.startsWith(folder));
  assert.deepEqual(repeated(ofProject('readFileSync')), []);
  assert.deepEqual(repeated(ofProject('statSync').filter(path => path.includes('objects'))), []);
  const opened = openedBy(calls);
  // Of each block its notebook, its memory and its trace. Of the project dag.json, lock, facts, log, answers and four
  // folders; of the user compiled code, kernel, key, stamps and two folders.
  assert.ok(opened.size <= 3 * BLOCKS + 22, [...opened].join('\n'));
  assert.deepEqual(ofProject('writeFileSync'), []);
  assert.deepEqual(ofProject('appendFileSync'), []);
});

test('and once its answer is kept, opens nothing of any block', async () => {
  // Files that changed just now are read again until their age shows that they did not change once more.
  await new Promise(resolve => setTimeout(resolve, 2_200));
  dagpy('run', '-C', project);
  const { stderr, modules, calls } = dagpy('run', '-C', project);
  assert.match(stderr, NOTHING_RAN);
  assert.deepEqual(heavyAmong(modules), []);
  const opened = openedBy(calls);
  assert.ok(opened.size <= 18, [...opened].join('\n'));
  const ofBlocks = [...opened].filter(path => /\.ipynb$|\/(traces|blocks|objects)\/./.test(path));
  assert.deepEqual(ofBlocks, []);
});
