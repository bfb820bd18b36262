/** From a judged project to what clients are shown of it. */
import { EXIT_CODE, type Pieces } from '../../engine/index.js';
import { cellChanges } from '../../engine/cellChanges.js';
import { estimate } from '../../engine/estimate.js';
import type { BlockDeclaration, DagFile, Filter, ParentEdge } from '../../protocol/dagFile.js';
import type { GraphEdge } from '../../protocol/reports.js';
import type {
  BlockView,
  FilterView,
  ParentView,
  PreviewView,
  WithheldView,
} from '../../protocol/resident/view.js';
import type { Key } from '../../protocol/ids.js';
import type { Reason } from '../../protocol/states.js';
import type { Trace } from '../../protocol/trace.js';
import { crossingVariables } from '../crossing.js';
import { exportsOf, traceOf, type Judged } from '../judged.js';

/** What of a view follows from the project as it lies on disk. */
export type JudgedBlock = Omit<BlockView, 'failure' | 'progress' | 'lastRun'>;

/** What lies beside the project's results. */
export interface Besides {
  /** Values adopted from a kernel under a key; `undefined`: none. */
  adopted(key: Key): Trace | undefined;
  /** Of a notebook; `undefined`: not known. */
  fileVersion(notebook: string): string | undefined;
}

export function blockView(all: Judged, block: number, { adopted, fileVersion }: Besides): JudgedBlock {
  const { project } = all.context;
  const { declaration, uid, cells } = project.snapshot.blocks[block]!;
  const judgement = all.judgements[block];
  const key = judgement?.trace ? null : (judgement?.key ?? null);
  const local = key === null ? undefined : adopted(key);
  const trace = local ?? traceOf(all, block);
  const version = fileVersion(declaration.notebook);
  return {
    ...declared(declaration, project.snapshot.dag),
    ...(version === undefined ? {} : { fileVersion: version }),
    isLocal: local !== undefined,
    uid,
    state: judgement?.state ?? 'never',
    reasons: judgement?.reasons ?? [],
    ...(trace === null ? NOTHING_STORED : storedParts(all, block, trace)),
    // Nobody timed what a kernel did.
    ...(local === undefined ? {} : { seconds: null }),
    codeCells: cells.filter(({ empty }) => !empty).length,
    changedCells: judgement?.trace ? [] : changedCells(all, block),
  };
}

const NOTHING_STORED = { seconds: null, bytes: null, exports: [], withheld: [] } as const;

/** What is shown of a trace. */
export function storedParts(
  all: Judged,
  block: number,
  trace: Trace,
): Pick<BlockView, 'seconds' | 'bytes' | 'exports' | 'withheld'> {
  const exports = exportsOf(all, block, trace);
  return {
    seconds: trace.seconds,
    bytes: exports.reduce((sum, { bytes }) => sum + bytes, 0),
    exports,
    withheld: trace.withheld
      .filter(({ name }) => name !== EXIT_CODE)
      .map(({ name, type, why, detail }): WithheldView => ({
        name,
        type,
        why: why === 'size' ? 'unread' : why,
        detail,
      })),
  };
}

/** What `dag.json` says of a block. */
export function declared(
  { id, notebook, parents, after, filter, tags }: BlockDeclaration,
  dag: DagFile,
): Pick<BlockView, 'id' | 'notebook' | 'parents' | 'after' | 'filter' | 'tags' | 'isPrelude' | 'isLocal'> {
  return {
    id,
    notebook,
    parents: parents.map(parentView),
    after,
    filter: filterView(filter),
    tags: Object.fromEntries(tags),
    isPrelude: dag.prelude === id,
    isLocal: false,
  };
}

const parentView = ({ block, use }: ParentEdge): ParentView => ({
  block,
  use: use === undefined ? null : Object.fromEntries(use),
});

const filterView = (filter: Filter): FilterView =>
  filter.kind === 'names' ? { kind: 'names', patterns: filter.patterns } : { kind: filter.kind };

/** Code cells that differ from those that made the last result, as a person counts them. */
function changedCells({ context: { project } }: Judged, block: number): readonly number[] {
  const { memory, places } = project.snapshot.blocks[block]!;
  if (memory.last === null) return [];
  const { changed, added } = cellChanges(memory.last.ingredients.cells, project.cells(block));
  return [...changed, ...added].map(ordinal => places?.[ordinal] ?? ordinal + 1);
}

/** A block of a project that can not be judged, of which nothing is known. */
export function unjudged(declaration: BlockDeclaration, dag: DagFile): BlockView {
  const reason: Reason = { kind: 'never-run', detail: 'the project can not be judged' };
  return {
    ...declared(declaration, dag),
    ...NOTHING_STORED,
    uid: '',
    state: 'never',
    reasons: [reason],
    codeCells: 0,
    changedCells: [],
    failure: null,
    progress: null,
    lastRun: null,
  };
}

export function* edgeViews(all: Judged): Pieces<readonly GraphEdge[]> {
  const { graph, snapshot } = all.context.project;
  const crossing = crossingVariables(all);
  const edges: GraphEdge[] = [];
  for (const [child, { declaration }] of snapshot.blocks.entries()) {
    yield;
    for (let slot = graph.parentStart[child]!; slot < graph.parentStart[child + 1]!; slot += 1) {
      const parent = graph.parents[slot]!;
      const isOrder = slot >= graph.valueEnd[child]!;
      const session = !isOrder && snapshot.blocks[parent]!.declaration.filter.kind === 'off';
      edges.push({
        from: graph.ids[parent]!,
        to: declaration.id,
        kind: isOrder ? 'order' : 'values',
        session,
        variables: isOrder || session ? [] : crossing(parent, child),
      });
    }
  }
  return edges;
}

/** Edges as `dag.json` has them alone. */
export function declaredEdges({ blocks }: DagFile): readonly GraphEdge[] {
  return blocks.flatMap(({ id, parents, after }) => [
    ...parents.map(({ block, use }): GraphEdge => ({
      from: block,
      to: id,
      kind: 'values',
      session: false,
      variables: [...(use ?? [])].map(([name, as]) => ({ name, as, type: null, bytes: null })),
    })),
    ...after.map((from): GraphEdge => ({ from, to: id, kind: 'order', session: false, variables: [] })),
  ]);
}

/** What *Run affected* would do. */
export function previewOf({ context, judgements }: Judged, jobs: number): PreviewView {
  const { ids, order } = context.project.graph;
  const of = (runs: NonNullable<(typeof judgements)[number]>['runs']) =>
    Array.from(order)
      .filter(block => judgements[block]?.runs === runs)
      .map(block => ({ id: ids[block]!, trace: judgements[block]?.trace ?? null }));
  const runs = of('yes').map(({ id }) => id);
  const mayRun = of('perhaps').map(({ id }) => id);
  const cost = estimate(context.project, [...runs, ...mayRun], jobs);
  const isKnown = cost.unknown.length < runs.length + mayRun.length || runs.length + mayRun.length === 0;
  return {
    runs,
    mayRun,
    restored: of('restore').map(({ id }) => id),
    kept: of('no').flatMap(({ id, trace }) => (trace === null ? [] : [id])),
    seconds: isKnown ? cost.seconds : null,
    peakBytes: isKnown ? cost.peakBytes : null,
  };
}

export const NO_PREVIEW: PreviewView = {
  runs: [],
  mayRun: [],
  restored: [],
  kept: [],
  seconds: null,
  peakBytes: null,
};
