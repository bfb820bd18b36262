/**
 * Which block's values can be adopted from a kernel, and what the kernel has to show for it. An adopted value never answers
 * for a run; still it is shown to people as the block's, so it must be what the block's code makes of its inputs.
 */
import type { Context, Judgement } from '../engine/index.js';
import { resolveInputs } from '../engine/inputs.js';
import { ingredientsOf } from '../engine/key.js';
import type { ObjectStore, TraceStore } from '../engine/storePorts.js';
import type { Key } from '../protocol/ids.js';
import { failure, success, type Result } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import { objectsOf } from '../protocol/traceCodec.js';
import type { JobResult, JobSpec } from '../protocol/workerMessages.js';
import { commitResult, type Execution } from './commitResult.js';
import { blockOf, SMALL_BYTES } from './jobSpec.js';
import type { KernelValues } from './kernelValues.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

export interface Adoptable {
  readonly identity: Execution['identity'];
  /** Absolute. */
  readonly cwd: string;
  /** Sources of its non-empty code cells, in order. */
  readonly sources: readonly string[];
  readonly keep: JobSpec['keep'];
  /** Whether it starts from an empty session in the folder of its notebook. */
  readonly needsNothing: boolean;
}

export interface AdoptionOptions {
  readonly loaded: LoadedProject;
  readonly context: Context;
  readonly judgements: readonly (Judgement | undefined)[];
  readonly block: number;
  /** What the block is given now. */
  readonly given: KernelValues;
}

export function adoptable({ loaded, context, judgements, block, given }: AdoptionOptions): Result<Adoptable> {
  const { project, world, hasher } = context;
  const { declaration, uid } = project.snapshot.blocks[block]!;
  const { id, filter } = declaration;
  const judgement = judgements[block];
  const no = (message: string, remedy: string) =>
    failure({ code: 'not-adoptable', message, block: id, file: declaration.notebook, remedy });
  if (judgement?.trace) return no(`${id} is ${judgement.state} already`, 'there is nothing to adopt');
  if (filter.kind === 'off')
    return no(`${id} stores nothing, since its filter is off`, 'give it a filter first');
  const key = judgement?.key ?? null;
  if (key === null)
    return no(
      `what ${id} is given is not known: blocks that it needs are not fresh`,
      'run them first; then restart the kernel and run the cells of this block in order',
    );
  const inputs = resolveInputs(project, hasher, block, parent => {
    const trace = judgements[parent]?.trace ?? null;
    if (trace === null) throw new Error(`${project.graph.ids[parent] ?? ''} has a key below it and no trace`);
    return trace;
  });
  if (!inputs.ok) return inputs;
  const { ingredients: read, parameters, live, replay } = inputs.value;
  if (live.length > 0 || replay.length > 0)
    return no(`${id} needs values that can not be stored`, `run it: dagpy run ${id}`);
  const ingredients = ingredientsOf(project, world, block, read, parameters);
  if (context.keyOf(ingredients) !== key) throw new Error(`two keys of ${id}`);
  const { notebook, codeCells } = blockOf(loaded, id);
  const code = codeCells.flatMap(index => {
    const cell = notebook.cells[index];
    return cell === undefined ? [] : [{ cell: cell.id, source: cell.source }];
  });
  if (code.length === 0) return no(`${id} has no code yet`, 'write some, and run it in the kernel');
  return success({
    identity: { key, uid, block: id, ingredients, code, replayed: [] },
    cwd: given.cwd,
    sources: code.map(({ source }) => source),
    keep: {
      filter: filter.kind === 'names' ? filter.patterns : filter.kind,
      wanted: project.wanted(block),
      smallBytes: SMALL_BYTES,
    },
    needsNothing:
      given.components.length === 0 &&
      given.parameters.length === 0 &&
      given.prelude.length === 0 &&
      given.ambient.size === 0 &&
      declaration.cwd === undefined,
  });
}

/** What was adopted under a key, if all of it is still there. */
export const adoptedUnder = (
  local: Pick<TraceStore, 'read'>,
  objects: Pick<ObjectStore, 'has'>,
  key: Key,
): Trace | undefined => {
  const [trace] = local.read(key);
  return trace !== undefined && objectsOf(trace).every(ref => objects.has(ref)) ? trace : undefined;
};

/** Takes in what a kernel wrote to `scratch`. The trace that comes out is for the store of adopted values alone. */
export async function commitAdopted(
  ports: ProjectPorts,
  identity: Execution['identity'],
  scratch: string,
  made: Pick<JobResult, 'components' | 'withheld' | 'warnings'>,
): Promise<Trace> {
  const { trace, durable } = await commitResult(
    ports,
    { identity, scratch, display: { cells: [] }, discovered: [], written: [] },
    {
      type: 'done',
      status: 'ok',
      error: null,
      ...made,
      ambient: [],
      discoveries: NOTHING_SEEN,
      widgets: null,
      seconds: 0,
      peakBytes: 0,
      held: false,
    },
  );
  await durable;
  return trace;
}

/** Nobody watched what the cells did in a person's kernel: one more reason why no run may take their values. */
const NOTHING_SEEN: JobResult['discoveries'] = {
  files: [],
  folders: [],
  modules: [],
  environment: [],
  packages: [],
  ambientUsed: [],
  written: [],
  writtenBefore: [],
  appended: [],
  external: [],
  untracked: ['adopted from a kernel'],
  imports: [],
};
