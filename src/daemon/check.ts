/** Runs blocks again beside what is stored, keeps nothing of it, and tells whether the same comes out. */
import { judge, type Context, type RunRequest } from '../engine/index.js';
import { success } from '../protocol/problem.js';
import type { Reason } from '../protocol/states.js';
import type { Trace } from '../protocol/trace.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';
import { runProject } from './run.js';

export interface CheckedBlock {
  readonly block: string;
  /** `stale`: nothing stored answers, so there is nothing to compare with. `not-run`: something above it failed. */
  readonly outcome: 'same' | 'different' | 'stale' | 'failed' | 'not-run';
  /** What came out different: names of exports, paths of written files, `outputs`, and states of libraries. */
  readonly exports: readonly string[];
  readonly files: readonly string[];
  readonly states: readonly string[];
  readonly outputs: boolean;
  /** Hosts it asked: what they say may differ rightly. */
  readonly external: readonly string[];
  readonly reasons: readonly Reason[];
}

export interface CheckOptions {
  readonly loaded: LoadedProject;
  /** Of the project as it is. */
  readonly context: Context;
  readonly target: RunRequest['target'];
  readonly jobs: number;
  readonly cancel: AbortSignal;
}

/** Blocks in topological order. Files that the code itself writes are written; nothing else of the project changes. */
export async function checkProject(
  ports: ProjectPorts,
  sink: RunSink,
  { loaded, context, target, jobs, cancel }: CheckOptions,
): Promise<readonly CheckedBlock[]> {
  const { ids, order } = context.project.graph;
  const stored = judge(context);
  const trial = trialPorts(ports);
  const { report } = await runProject(trial.ports, sink, {
    loaded,
    request: { target, force: true },
    jobs,
    cancel,
  });
  const touched = new Set<string>([
    ...report.executed,
    ...report.failed,
    ...report.blocked,
    ...report.cancelled,
  ]);
  const failed = new Set(report.failed);
  return Array.from(order).flatMap((index): readonly CheckedBlock[] => {
    const block = ids[index]!;
    if (!touched.has(block)) return [];
    const judgement = stored[index];
    const before = judgement?.trace ?? null;
    const after = trial.made.find(trace => trace.block === block);
    const nothing = { exports: [], files: [], states: [], outputs: false, external: [], reasons: [] };
    if (failed.has(block)) return [{ ...nothing, block, outcome: 'failed' }];
    if (after === undefined) return [{ ...nothing, block, outcome: 'not-run' }];
    if (before === null) return [{ ...nothing, block, outcome: 'stale', reasons: judgement?.reasons ?? [] }];
    return [{ ...nothing, block, ...compared(before, after) }];
  });
}

/** Ports through which a run leaves no trace, no memory, no output in a notebook and no restored file. */
function trialPorts(ports: ProjectPorts): { readonly ports: ProjectPorts; readonly made: Trace[] } {
  const made: Trace[] = [];
  const of = (key: Trace['key']): readonly Trace[] => made.filter(trace => trace.key === key);
  return {
    made,
    ports: {
      ...ports,
      world: { ...ports.world, traces: of },
      traces: {
        read: of,
        add(trace) {
          made.unshift(trace);
          return Promise.resolve();
        },
        remove: () => undefined,
        keys: () => [],
      },
      memory: {
        read: uid => ports.memory.read(uid),
        remember: () => undefined,
        show: () => undefined,
        begin: () => undefined,
        fail: () => undefined,
      },
      notebooks: {
        read: path => ports.notebooks.read(path),
        write: () => Promise.resolve(success(true)),
        expectWrite: () => undefined,
        settle: () => ports.notebooks.settle(),
      },
      files: {
        absolute: path => ports.files.absolute(path),
        copy: (path, copy) => ports.files.copy(path, copy),
        isFile: path => ports.files.isFile(path),
        replace: () => undefined,
        keepAside: path => path,
      },
    },
  };
}

function compared(
  before: Trace,
  after: Trace,
): Pick<CheckedBlock, 'outcome' | 'exports' | 'files' | 'states' | 'outputs' | 'external'> {
  const components = (trace: Trace) =>
    new Map(trace.exports.flatMap(({ names, digest }) => names.map(name => [name, digest] as const)));
  // Others, such as a log that many add to, are nobody's result.
  const files = (trace: Trace) =>
    new Map(
      trace.written.flatMap(({ path, digest, object }) => (object === null ? [] : [[path, digest] as const])),
    );
  const states = (trace: Trace) =>
    new Map(trace.ambient.map(({ adapter, state }) => [adapter, state.digest] as const));
  const differing = {
    exports: differingNames(components(before), components(after)),
    files: differingNames(files(before), files(after)),
    states: differingNames(states(before), states(after)),
    outputs: before.display.digest !== after.display.digest,
  };
  const isSame = [differing.exports, differing.files, differing.states].every(({ length }) => length === 0);
  return {
    ...differing,
    outcome: isSame && !differing.outputs ? 'same' : 'different',
    external: [...new Set([...before.external, ...after.external])],
  };
}

const differingNames = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter(name => a.get(name) !== b.get(name)).sort();
