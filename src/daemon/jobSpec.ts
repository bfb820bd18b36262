/** From the engine's decision to run a block to what its worker is told. */
import { join } from 'node:path';
import type { BlockId } from '../protocol/ids.js';
import { ProblemError } from '../protocol/problem.js';
import type { ObjectRef } from '../protocol/trace.js';
import type { JobCell, JobInput, JobSegment, JobSpec } from '../protocol/workerMessages.js';
import { cwdOf, type BoundComponent, type ExecuteEffect } from '../engine/index.js';
import { RAISES, type LoadedBlock, type LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

/** Names that nobody reads downstream are kept up to this size. */
const SMALL_BYTES = 1_000_000;

/** @throws ProblemError where a stored object is missing or damaged */
export function jobSpecOf(
  ports: ProjectPorts,
  loaded: LoadedProject,
  effect: ExecuteEffect,
  job: string,
  scratch: string,
): JobSpec {
  const { declaration, uid } = blockOf(loaded, effect.block).snapshot;
  const { dag } = loaded.snapshot;
  const segments: JobSegment[] = [];
  if (dag.prelude !== undefined && dag.prelude !== effect.block) {
    segments.push(segmentOf(blockOf(loaded, dag.prelude), 'prelude', []));
  }
  for (const { block, role, inputs } of effect.segments) {
    segments.push(
      segmentOf(
        blockOf(loaded, block),
        role,
        inputs.map(bound => inputOf(ports, bound)),
      ),
    );
  }
  return {
    type: 'execute',
    job,
    block: effect.block,
    uid,
    project: ports.folder,
    cwd: join(ports.folder, cwdOf(declaration)),
    segments,
    parameters: Object.fromEntries(effect.parameters),
    ambient: Object.fromEntries(
      [...effect.ambient].map(([adapter, state]) => [
        adapter,
        pathOf(ports, state, 'head', `state of ${adapter}`),
      ]),
    ),
    seed: dag.seed === null ? null : ports.hasher.digest(`seed ${String(dag.seed)} ${uid}`).slice(0, 32),
    keep: {
      filter: effect.filter.kind === 'names' ? effect.filter.patterns : effect.filter.kind,
      wanted: effect.wanted,
      smallBytes: SMALL_BYTES,
    },
    objects: ports.objectsFolder,
    scratch,
    outputs: declaration.outputs,
    hints: Object.fromEntries(effect.hints),
  };
}

/** Whether it must start in an interpreter that has imported nothing: it sets variables that packages read on import. */
export function needsBareStart(loaded: LoadedProject, effect: ExecuteEffect): boolean {
  if (effect.ambient.has('os.environ')) return true;
  const { prelude } = loaded.snapshot.dag;
  const blocks = [
    ...effect.segments.map(segment => segment.block),
    ...(prelude === undefined ? [] : [prelude]),
  ];
  return blocks.some(id => blockOf(loaded, id).snapshot.cells.some(facts => facts.setsEnvironment));
}

export function blockOf(loaded: LoadedProject, id: BlockId): LoadedBlock {
  const found = loaded.blocks.get(id);
  if (found === undefined) throw new Error(`block ${id} was not loaded`);
  return found;
}

function segmentOf(
  { snapshot, notebook, codeCells }: LoadedBlock,
  role: JobSegment['role'],
  inputs: readonly JobInput[],
): JobSegment {
  const cells = codeCells.flatMap((index, ordinal): readonly JobCell[] => {
    const cell = notebook.cells[index];
    if (cell === undefined) return [];
    const raises = cell.tags.includes(RAISES);
    return [{ ordinal, id: cell.id, place: cell.place, source: cell.source, raises }];
  });
  return { role, block: snapshot.declaration.id, notebook: snapshot.declaration.notebook, cells, inputs };
}

export function inputOf(ports: ProjectPorts, { component, bind, from }: BoundComponent): JobInput {
  const what = `${component.names.join(', ')} of ${from}`;
  return {
    head: pathOf(ports, component.head, 'head', what),
    buffers: component.buffers.map(buffer => pathOf(ports, buffer, 'buffer', what)),
    // Only tracebacks need them: without them the value is the same.
    lineTables:
      component.lineTables === null
        ? null
        : (ports.objects.verifiedPath(component.lineTables, 'head') ?? null),
    digest: component.digest,
    names: component.names,
    bind: Object.fromEntries(bind),
  };
}

function pathOf(ports: ProjectPorts, ref: ObjectRef, kind: 'head' | 'buffer', what: string): string {
  const path = ports.objects.verifiedPath(ref, kind);
  if (path !== undefined) return path;
  throw new ProblemError([
    {
      code: 'object-damaged',
      message: `the stored ${what} is missing or damaged; it was put aside`,
      remedy: 'run again: the block that makes it runs again',
    },
  ]);
}
