/** What a second look at a project costs, counted in files, and that it sees all that a first one would. */
import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { userFolders } from '../../../src/adapters/store/layout.js';
import { surroundings } from '../../../src/cli/environment.js';
import { createDaemonHost, type DaemonHost } from '../../../src/cli/serve/serveHost.js';
import type { ProjectView } from '../../../src/protocol/resident/view.js';
// @ts-expect-error scripts are plain JavaScript
import * as tools from '../../../scripts/tools.mjs';

const { bundleFolder, venvBin } = tools as { bundleFolder: string; venvBin: (name: string) => string };

const BLOCKS = 24;
/** Stamps of younger files are not believed. */
const SETTLING_MILLISECONDS = 2_200;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'dagpy-looks-')));
const project = join(folder, 'project');
const hosts: DaemonHost[] = [];

function hostOf(): DaemonHost {
  const environment = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder };
  const around = {
    ...surroundings(bundleFolder),
    environment,
    user: userFolders(environment),
    python: () => venvBin('python'),
  };
  const fault = (error: unknown): void => {
    throw error;
  };
  const host = createDaemonHost({
    around,
    root: folder,
    note: () => undefined,
    fault,
    active: () => undefined,
  });
  hosts.push(host);
  return host;
}

const idOf = (index: number): string => `b${String(index)}`;

function write(index: number, extra = ''): void {
  const id = idOf(index);
  const parent = index === 0 ? undefined : idOf((index - 1) >> 1);
  const reads = index === 3 ? "open('data.txt').read()" : "''";
  const source = `${id} = ${parent ?? "''"} + '${id}' + ${reads}\nprint(${id})${extra}`;
  const cell = { cell_type: 'code', id: 'one', metadata: {}, source, outputs: [], execution_count: null };
  const metadata = { dagpy: { uid: `uid-${id}` } };
  const notebook = { nbformat: 4, nbformat_minor: 5, metadata, cells: [cell] };
  writeFileSync(join(project, `${id}.ipynb`), JSON.stringify(notebook));
}

function writeDag(filterOf: (index: number) => string[] | undefined = () => undefined): void {
  const blocks: Record<string, object> = {};
  for (let index = 0; index < BLOCKS; index += 1) {
    const filter = filterOf(index);
    blocks[idOf(index)] = {
      notebook: `${idOf(index)}.ipynb`,
      parents: index === 0 ? [] : [idOf((index - 1) >> 1)],
      ...(filter === undefined ? {} : { filter }),
    };
  }
  writeFileSync(
    join(project, 'dag.json'),
    JSON.stringify({ version: 1, name: 'looks', kernel: 'python3', blocks }),
  );
}

/** Files of the project whose content is read while something happens. */
async function readWhile(happens: () => Promise<unknown>): Promise<readonly string[]> {
  const read = new Set<string>();
  const real = { readFileSync: fs.readFileSync, openSync: fs.openSync };
  const note = (path: unknown): void => {
    if (typeof path === 'string') read.add(relative(project, path));
  };
  fs.readFileSync = ((...given: Parameters<typeof real.readFileSync>) => {
    note(given[0]);
    return real.readFileSync(...given);
  }) as typeof real.readFileSync;
  fs.openSync = (...given) => {
    note(given[0]);
    return real.openSync(...given);
  };
  syncBuiltinESMExports();
  try {
    await happens();
  } finally {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
  return [...read].filter(path => !path.startsWith('..')).sort();
}

async function run(host: DaemonHost): Promise<void> {
  const { ended } = host.resident('project').run({
    request: { target: { kind: 'affected' }, force: false },
    jobs: 2,
    by: 'a test',
    parameters: defaults => defaults,
  });
  const { report } = await ended;
  assert.deepEqual(report.failed, []);
}

/** What does not depend on what this daemon did before. */
function stateOf({ blocks, edges, preview, problems, warnings }: ProjectView): object {
  // What can not be loaded is shown as it was known last.
  if (problems.length > 0) return { problems };
  return { edges, preview, problems, warnings, blocks: blocks.map(block => ({ ...block, lastRun: null })) };
}

before(async () => {
  mkdirSync(project);
  writeFileSync(join(project, 'data.txt'), 'data');
  for (let index = 0; index < BLOCKS; index += 1) write(index);
  writeDag();
  await run(hostOf());
});

after(async () => {
  await Promise.all(hosts.map(host => host.close()));
  rmSync(folder, { recursive: true, force: true });
});

test('a second look reads what changed, and nothing else', async () => {
  await sleep(SETTLING_MILLISECONDS);
  const host = hostOf();
  const first = await readWhile(() => host.look('project'));
  assert.ok(first.length > 3 * BLOCKS, `a first look reads notebooks, traces and memory: ${String(first)}`);
  assert.deepEqual(await readWhile(() => host.look('project')), ['dag.json']);
  write(5, '\nprint(1)');
  const changed = await readWhile(() => host.look('project'));
  const isOurs = (path: string): boolean => path.startsWith('.dagpy');
  assert.deepEqual(
    changed.filter(path => !isOurs(path)),
    ['b5.ipynb', 'dag.json'],
  );
  // Facts of the new cell, and whether anything is stored or adopted under its new key.
  assert.ok(changed.filter(isOurs).length <= 3, String(changed));
  // Too young to be believed by its stamp: its digest tells.
  const asked = await readWhile(() => host.resident('project').current());
  assert.deepEqual(
    asked.filter(path => !isOurs(path)),
    ['b5.ipynb'],
  );
  write(5);
  await host.look('project');
});

test('what a look finds is what a daemon finds that knows nothing', async () => {
  const kept = hostOf();
  await kept.look('project');
  const trace = (await readWhile(() => hostOf().look('project'))).find(path =>
    path.startsWith('.dagpy/traces'),
  );
  const object = fs
    .readdirSync(join(project, '.dagpy', 'objects'), { recursive: true, encoding: 'utf8' })
    .find(path => path.length > 32);
  assert.ok(trace !== undefined && object !== undefined);
  const changes: readonly (() => void | Promise<void>)[] = [
    () => write(7, '  # a remark'),
    () => write(7, '\nprint(2)'),
    () => writeFileSync(join(project, 'data.txt'), 'other'),
    () => writeDag(index => (index === 1 ? ['b1', 'other'] : undefined)),
    () => run(kept),
    () => run(hostOf()),
    () => rmSync(join(project, trace), { force: true }),
    () => rmSync(join(project, '.dagpy', 'objects', object), { force: true }),
    () => rmSync(join(project, '.dagpy', 'blocks', 'uid-b2.json'), { force: true }),
    () => rmSync(join(project, 'b9.ipynb')),
    () => write(9),
    () => writeDag(),
    () => writeFileSync(join(project, 'data.txt'), 'data'),
    () => rmSync(join(project, '.dagpy', 'traces'), { recursive: true }),
  ];
  for (const [place, change] of changes.entries()) {
    await change();
    // Some changes are seen while they are young, others when they are not.
    if (place % 5 === 4) await sleep(SETTLING_MILLISECONDS);
    await kept.look('project');
    const own = await kept.resident('project').current();
    const other = await hostOf().resident('project').current();
    assert.deepEqual(stateOf(own), stateOf(other), `after change ${String(place)}`);
  }
});

test('a link to a project leads to the same project', async () => {
  symlinkSync(project, join(folder, 'link'));
  const host = hostOf();
  assert.equal(host.resident('link'), host.resident('project'));
  assert.equal(host.history('link'), host.history('project'));
  assert.notEqual(host.folder('link'), host.folder('project'));
});
