/** `doctor`: whether everything that a project relies on is in order here. */
import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { readBlockFiles } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { findKernel, listKernelspecs } from '../../adapters/kernelspecs.js';
import { probePython } from '../../adapters/probe.js';
import { namesIn } from '../../adapters/store/disk.js';
import { buildGraph } from '../../engine/index.js';
import type { DagFile } from '../../protocol/dagFile.js';
import type { Uid } from '../../protocol/ids.js';
import { ProblemError, type Problem } from '../../protocol/problem.js';
import { openGround, type Ground } from '../ground.js';
import type { JsonOption } from '../program.js';
import type { Session } from '../session.js';
import { bytes, duration, plural, printable, type Style } from '../terminal/style.js';
import { table } from '../terminal/table.js';

export interface Check {
  readonly part: 'program' | 'kernels' | 'project' | 'cache';
  readonly name: string;
  readonly state: 'good' | 'warning' | 'problem';
  readonly detail: string;
  /** What to do; absent where nothing is wrong. */
  readonly remedy?: string;
}

/** Less room than this on the project's disk is worth a warning, bytes. */
const LITTLE_ROOM = 1_000_000_000;
/** Distributions in DAGpy's own Python, and in a kernel's. */
const OWN = ['jupyterlab-dagpy', 'ipykernel', 'nbformat', 'blake3', 'resvg-py'];
const OF_KERNELS = ['ipython', 'ipykernel', 'blake3', 'numpy', 'pandas', 'pyarrow', 'polars', 'torch'];

/** Exits with 2 where something is wrong that keeps blocks from running. */
export async function doctor(session: Session, options: JsonOption): Promise<number> {
  const checks: Check[] = [];
  checks.push(...programChecks(session));
  const ground = await groundHere(session);
  const project = ground === undefined ? undefined : projectChecks(session, ground);
  checks.push(...(await kernelChecks(session, ground, project?.dag)));
  if (project === undefined) {
    const detail = 'no dag.json here or above: only the program was looked at';
    checks.push({ part: 'project', name: 'project', state: 'good', detail });
  } else checks.push(...project.checks);
  if (ground !== undefined) checks.push(...cacheChecks(ground, project?.dag));
  if (options.json === true) session.printJson({ checks });
  else session.print(described(checks, session.outStyle));
  return checks.some(({ state }) => state === 'problem') ? 2 : 0;
}

async function groundHere(session: Session): Promise<Ground | undefined> {
  try {
    return await openGround(session.around, session.folder());
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0]?.code === 'no-project') return undefined;
    throw error;
  }
}

function programChecks({ around }: Session): readonly Check[] {
  const part = 'program';
  const checks: Check[] = [
    {
      part,
      name: 'dagpy',
      state: 'good',
      detail: `${process.env['DAGPY_VERSION'] ?? 'development'}, in ${around.bundle.replace(/[\\/][^\\/]*$/, '')}`,
    },
    {
      part,
      name: 'Node',
      state: 'good',
      detail: `${process.version}, ${process.platform} ${process.arch}, ${process.execPath}`,
    },
  ];
  try {
    const python = around.python();
    const { versions } = probePython(python, [], definedIn(around.environment), {
      versions: OWN,
      packages: [],
    });
    const missing = OWN.filter(name => (versions.get(name) ?? null) === null);
    const known = OWN.flatMap(name => (versions.get(name) ? [`${name} ${versions.get(name) ?? ''}`] : []));
    checks.push({
      part,
      name: 'own Python',
      state: missing.length > 0 ? 'warning' : 'good',
      detail: `${python}: ${known.join(', ')}`,
      ...(missing.length > 0
        ? {
            remedy: `${missing.join(', ')} not installed there: ${python} -m pip install ${missing.join(' ')}`,
          }
        : {}),
    });
  } catch (error) {
    checks.push(failed(part, 'own Python', error, 'reinstall jupyterlab-dagpy, or set DAGPY_PYTHON'));
  }
  const payload = around.payload();
  if (!existsSync(join(payload, 'boot.py')) || !existsSync(join(payload, 'vendored')))
    checks.push({
      part,
      name: 'worker',
      state: 'problem',
      detail: `the part that runs in kernels is not complete: ${payload}`,
      remedy: 'reinstall jupyterlab-dagpy',
    });
  return checks;
}

/** Every kernel that is registered; the project's own is tried out with the packages that its blocks import. */
async function kernelChecks(
  { around }: Session,
  ground: Ground | undefined,
  dag: DagFile | undefined,
): Promise<readonly Check[]> {
  const wanted = dag?.kernel.toLowerCase() ?? 'python3';
  const names = [
    ...new Set([...listKernelspecs({ env: around.environment, python: around.python() }).keys(), wanted]),
  ];
  const digest = ground?.hasher.digest ?? ((text: string) => text);
  const packages = ground === undefined ? [] : packagesOf(ground);
  const checks: Check[] = [];
  for (const name of names.sort()) {
    const options = {
      env: around.environment,
      python: around.python(),
      cacheFolder: around.user.cache,
      digest,
    };
    const found = await findKernel(name, options);
    const isOurs = name === wanted;
    const label = isOurs && dag !== undefined ? `${name} (of this project)` : name;
    if (!found.ok) {
      for (const problem of found.problems)
        checks.push({ ...told('kernels', label, problem), state: isOurs ? 'problem' : 'warning' });
      continue;
    }
    const { python, flags, env, facts } = found.value;
    const what = `Python ${facts.version}, ipykernel ${facts.ipykernel ?? '–'}, ${python}`;
    checks.push({ part: 'kernels', name: label, state: 'good', detail: what });
    if (isOurs)
      checks.push(
        ...tryOut(python, flags, definedIn({ ...around.environment, ...env }), packages, around.start),
      );
  }
  return checks;
}

function tryOut(
  python: string,
  flags: readonly string[],
  environment: Readonly<Record<string, string>>,
  packages: readonly string[],
  start: 'fork' | 'spawn',
): readonly Check[] {
  const part = 'kernels';
  try {
    const probe = probePython(python, flags, environment, { versions: OF_KERNELS, packages });
    const versions = [...probe.versions].flatMap(([name, version]) =>
      version === null ? [] : [`${name} ${version}`],
    );
    const checks: Check[] = [
      {
        part,
        name: 'packages',
        state: probe.broken.length > 0 ? 'warning' : 'good',
        detail: `${versions.join(', ')}; ${plural(packages.length, 'package')} of the blocks imported in ${duration(probe.importSeconds)}`,
        ...(probe.broken.length > 0
          ? { remedy: `can not be imported: ${probe.broken.join(', ')}; install them for ${python}` }
          : {}),
      },
    ];
    if (probe.versions.get('blake3') === null)
      checks.push({
        part,
        name: 'blake3',
        state: 'good',
        detail:
          'not installed in the kernel: files are digested by DAGpy itself, which takes longer for large values',
      });
    checks.push(forkCheck(probe, start));
    return checks;
  } catch (error) {
    return [failed(part, 'packages', error, `start it by hand to see more: ${python}`)];
  }
}

function forkCheck(
  { forkSeconds, threads, cuda }: ReturnType<typeof probePython>,
  start: 'fork' | 'spawn',
): Check {
  const base = { part: 'kernels', name: 'fork' } as const;
  if (start === 'spawn')
    return {
      ...base,
      state: 'good',
      detail: 'switched off by DAGPY_START=spawn: each block starts a Python of its own',
    };
  if (cuda)
    return {
      ...base,
      state: 'warning',
      detail: 'importing the packages of the blocks starts CUDA, which a forked process can not use',
      remedy:
        'blocks start a Python of their own instead; move the use of CUDA from import time into a block',
    };
  if (forkSeconds === null)
    return {
      ...base,
      state: 'warning',
      detail: 'a process forked after the imports did not end, or this system can not fork',
      remedy:
        'blocks start a Python of their own instead, about a second each; set DAGPY_START=spawn to say so',
    };
  const others = threads > 1 ? `; ${plural(threads - 1, 'thread')} of packages run then` : '';
  return { ...base, state: 'good', detail: `works: ${duration(forkSeconds)} after all imports${others}` };
}

/** Modules that blocks imported when they last ran. */
function packagesOf({ store }: Ground): readonly string[] {
  const names = namesIn(store.layout.blocks).map(name => name.replace(/\.json$/, '') as Uid);
  return [...new Set(names.flatMap(uid => store.memory.read(uid).last?.imports ?? []))].sort();
}

function projectChecks(
  session: Session,
  { folder, hasher, store }: Ground,
): { readonly dag: DagFile | undefined; readonly checks: readonly Check[] } {
  const part = 'project';
  const dag = loadDagFile(folder);
  if (!dag.ok)
    return { dag: undefined, checks: dag.problems.map(problem => told(part, 'dag.json', problem)) };
  const { blocks } = dag.value.dag;
  const graph = buildGraph(dag.value.dag);
  const files = readBlockFiles(folder, dag.value.dag, {
    digest: hasher.digest,
    ranAs: uid => store.memory.read(uid).last?.block,
  });
  const faults = [...(graph.ok ? [] : graph.problems), ...(files.ok ? [] : files.problems)];
  const edges = blocks.reduce((sum, { parents }) => sum + parents.length, 0);
  return {
    dag: dag.value.dag,
    checks: [
      {
        part,
        name: dag.value.dag.name,
        state: 'good',
        detail: `${plural(blocks.length, 'block')}, ${plural(edges, 'edge')}, in ${folder}`,
      },
      ...dag.value.warnings.map((warning): Check => ({
        ...told(part, 'dag.json', warning),
        state: 'warning',
      })),
      ...faults.map(problem => told(part, problem.file ?? 'dag.json', problem)),
      ...(files.ok
        ? files.value.flatMap(({ notebook, declaration }) =>
            notebook.warnings.map((warning): Check => ({
              ...told(part, declaration.notebook, warning),
              state: 'warning',
            })),
          )
        : []),
    ],
  };
}

function cacheChecks({ store, folder }: Ground, dag: DagFile | undefined): readonly Check[] {
  const part = 'cache';
  const { layout, keyId } = store;
  const checks: Check[] = [];
  const others = namesIn(layout.traces).filter(name => name !== keyId).length;
  checks.push({
    part,
    name: 'key',
    state: 'good',
    detail: `${keyId}${others > 0 ? `; results under ${plural(others, 'other key')} are here too, and are ignored` : ''}`,
  });
  const size = namesIn(layout.objects).length === 0 ? 'nothing is stored yet' : layout.objects;
  checks.push({ part, name: 'store', state: 'good', detail: size });
  const aside = namesIn(layout.quarantine).length;
  if (aside > 0)
    checks.push({
      part,
      name: 'quarantine',
      state: 'warning',
      detail: `${plural(aside, 'damaged file')} put aside`,
      remedy: 'look at the disk; "dagpy cache verify" digests everything, "dagpy cache clear" starts over',
    });
  try {
    store.lock('dagpy doctor').release();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    for (const problem of error.problems) checks.push({ ...told(part, 'lock', problem), state: 'warning' });
  }
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize;
  const wanted = dag?.cache.maxBytes;
  checks.push({
    part,
    name: 'disk',
    state: room < LITTLE_ROOM ? 'warning' : 'good',
    detail: `${bytes(room)} free${wanted === undefined ? '' : `, the cache may take ${bytes(wanted)}`}`,
    ...(room < LITTLE_ROOM
      ? { remedy: 'make room, or lower "cache": { "maxBytes": … } in dag.json and run "dagpy cache gc"' }
      : {}),
  });
  return checks;
}

const told = (part: Check['part'], name: string, { message, remedy }: Problem): Check => ({
  part,
  name,
  state: 'problem',
  detail: message,
  remedy,
});

const failed = (part: Check['part'], name: string, error: unknown, remedy: string): Check => ({
  part,
  name,
  state: 'problem',
  detail: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
  remedy,
});

function definedIn(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function described(checks: readonly Check[], style: Style): string {
  const signs = {
    good: style.paint('green', '✓'),
    warning: style.paint('yellow', '!'),
    problem: style.paint('red', '■'),
  } as const;
  const parts = [...new Set(checks.map(({ part }) => part))];
  const sections = parts.map(part => {
    const own = checks.filter(check => check.part === part);
    const rows = own.flatMap(({ state, name, detail, remedy }) => [
      [signs[state], printable(name), printable(detail)],
      ...(remedy === undefined ? [] : [['', '', `${style.paint('cyan', 'to do:')} ${printable(remedy)}`]]),
    ]);
    return `${part}\n${table(rows, '  ')}`;
  });
  const count = (state: Check['state']) => checks.filter(check => check.state === state).length;
  const verdict =
    count('problem') > 0
      ? `${plural(count('problem'), 'problem')} to put right.`
      : count('warning') > 0
        ? `${plural(count('warning'), 'thing')} worth a look, nothing that keeps blocks from running.`
        : 'All in order.';
  return `${sections.join('\n')}\n${verdict}\n`;
}
