/** From the engine's decision to run a block to what its worker is told. */
import { join } from 'node:path';
import type { BlockId } from '../protocol/ids.js';
import { ProblemError } from '../protocol/problem.js';
import { objectOf } from '../protocol/traceCodec.js';
import type { ObjectRef, StoredBuffer } from '../protocol/trace.js';
import type { Extent, JobCell, JobInput, JobSegment, JobSpec } from '../protocol/workerMessages.js';
import { cwdOf, type BoundComponent, type ExecuteEffect, type Segment } from '../engine/index.js';
import { RAISES, type LoadedBlock, type LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

/** Names that nobody reads downstream are kept up to this size. */
export const SMALL_BYTES = 1_000_000;

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
    segments.push({
      ...codeOf(blockOf(loaded, dag.prelude)),
      role: 'prelude',
      inputs: [],
      live: [],
      setting: null,
    });
  }
  for (const segment of effect.segments) segments.push(segmentOf(ports, loaded, segment));
  return {
    type: 'execute',
    job,
    block: effect.block,
    uid,
    project: ports.folder,
    cwd: join(ports.folder, cwdOf(declaration)),
    segments,
    parameters: Object.fromEntries(effect.parameters),
    ambient: statesOf(ports, effect.ambient),
    seed: seedOf(ports, loaded, uid),
    keep: {
      filter: effect.filter.kind === 'names' ? effect.filter.patterns : effect.filter.kind,
      wanted: effect.wanted,
      smallBytes: SMALL_BYTES,
    },
    objects: ports.objectsFolder,
    early: Object.fromEntries(ports.objects.early()),
    scratch,
    outputs: declaration.outputs,
    hints: Object.fromEntries(effect.hints),
    hold: effect.hold,
  };
}

const statesOf = (ports: ProjectPorts, ambient: ExecuteEffect['ambient']): JobSpec['ambient'] =>
  Object.fromEntries(
    [...ambient].map(([adapter, state]) => [adapter, pathOf(ports, state, 'head', `state of ${adapter}`)]),
  );

export const seedOf = (ports: ProjectPorts, { snapshot }: LoadedProject, uid: string): string | null =>
  snapshot.dag.seed === null
    ? null
    : ports.hasher.digest(`seed ${String(snapshot.dag.seed)} ${uid}`).slice(0, 32);

/** Whether it must start in an interpreter that has imported nothing: it sets variables that packages read on import. */
export function needsBareStart(loaded: LoadedProject, effect: ExecuteEffect): boolean {
  const every = (segments: readonly Segment[]): readonly Segment[] =>
    segments.flatMap(segment => [segment, ...segment.live.flatMap(session => every(session.segments))]);
  const segments = every(effect.segments);
  if (segments.some(({ ambient }) => ambient.has('os.environ'))) return true;
  const { prelude } = loaded.snapshot.dag;
  const blocks = [...segments.map(segment => segment.block), ...(prelude === undefined ? [] : [prelude])];
  return blocks.some(id => blockOf(loaded, id).snapshot.cells.some(facts => facts.setsEnvironment));
}

export function blockOf(loaded: LoadedProject, id: BlockId): LoadedBlock {
  const found = loaded.blocks.get(id);
  if (found === undefined) throw new Error(`block ${id} was not loaded`);
  return found;
}

function segmentOf(ports: ProjectPorts, loaded: LoadedProject, segment: Segment): JobSegment {
  const block = blockOf(loaded, segment.block);
  const { declaration, uid } = block.snapshot;
  return {
    ...codeOf(block),
    role: segment.role,
    inputs: segment.inputs.map(bound => inputOf(ports, bound)),
    live: segment.live.map(({ segments, bind }) => ({
      segments: segments.map(each => segmentOf(ports, loaded, each)),
      bind: Object.fromEntries(bind),
    })),
    setting:
      segment.role === 'main'
        ? null
        : {
            uid,
            cwd: join(ports.folder, cwdOf(declaration)),
            seed: seedOf(ports, loaded, uid),
            ambient: statesOf(ports, segment.ambient),
          },
  };
}

function codeOf({
  snapshot,
  notebook,
  codeCells,
}: LoadedBlock): Pick<JobSegment, 'block' | 'notebook' | 'cells'> {
  const cells = codeCells.flatMap((index, ordinal): readonly JobCell[] => {
    const cell = notebook.cells[index];
    if (cell === undefined) return [];
    const raises = cell.tags.includes(RAISES);
    return [{ ordinal, id: cell.id, place: cell.place, source: cell.source, raises }];
  });
  return { block: snapshot.declaration.id, notebook: snapshot.declaration.notebook, cells };
}

export function inputOf(ports: ProjectPorts, { component, bind, from }: BoundComponent): JobInput {
  const what = `${component.names.join(', ')} of ${from}`;
  return {
    head: pathOf(ports, component.head, 'head', what),
    buffers: component.buffers.map(buffer => extentOf(ports, buffer, what)),
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

/** Where a worker or a kernel finds a buffer. @throws ProblemError where its object is missing or damaged */
export const extentOf = (ports: ProjectPorts, buffer: StoredBuffer, what: string): Extent => ({
  path: pathOf(ports, objectOf(buffer), 'buffer', what),
  offset: buffer.within?.offset ?? 0,
  size: buffer.size,
});

function pathOf(ports: ProjectPorts, ref: ObjectRef, kind: 'head' | 'buffer', what: string): string {
  const path = ports.objects.verifiedPath(ref, kind);
  if (path !== undefined) return path;
  throw damagedObject(what);
}

export const damagedObject = (what: string): ProblemError =>
  new ProblemError([
    {
      code: 'object-damaged',
      message: `the stored ${what} is missing or damaged; it was put aside`,
      remedy: 'run again: the block that makes it runs again',
    },
  ]);
