/** A judged project in the words of reports: what stands for a block, what it hands on, what can not be stored. */
import { EXIT_CODE, filterTest, type Context, type Judgement } from '../engine/index.js';
import type { CellFacts } from '../protocol/cellFacts.js';
import type { BlockStatus, ExportReport } from '../protocol/reports.js';
import type { Trace } from '../protocol/trace.js';

export interface Judged {
  readonly context: Context;
  readonly judgements: readonly (Judgement | undefined)[];
}

/** The trace whose values stand for a block now: the answering one, or the last good one while it is stale. */
export function traceOf({ context, judgements }: Judged, block: number): Trace | null {
  return judgements[block]?.trace ?? context.project.snapshot.blocks[block]?.memory.last ?? null;
}

export function statusOf(all: Judged, block: number): BlockStatus {
  const { graph, snapshot } = all.context.project;
  const judgement = all.judgements[block];
  const trace = traceOf(all, block);
  return {
    id: graph.ids[block] ?? '',
    state: judgement?.state ?? 'never',
    reasons: judgement?.reasons ?? [],
    parents: snapshot.blocks[block]?.declaration.parents.map(parent => parent.block) ?? [],
    seconds: trace?.seconds ?? null,
    exports: trace === null ? [] : exportsOf(all, block, trace),
  };
}

export function exportsOf({ context }: Judged, block: number, trace: Trace): readonly ExportReport[] {
  const filter = context.project.snapshot.blocks[block]?.declaration.filter ?? { kind: 'auto' };
  const accepts = filterTest(filter);
  const stored = trace.exports.flatMap(component =>
    component.variables
      .filter(({ name }) => name !== EXIT_CODE && accepts(name) && !component.hidden.includes(name))
      .map(({ name, type, bytes: size }): ExportReport => ({
        name,
        type,
        bytes: size,
        digest: component.digest,
      })),
  );
  return stored.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Names that the filter asks for and that can not be stored; making them again is what their readers wait for. Known from
 * the last run, and of a block that never ran from its code, where that is certain.
 */
export function unstorable(
  all: Judged,
  block: number,
): readonly { readonly name: string; readonly type: string; readonly detail: string }[] {
  const { project } = all.context;
  const accepts = project.accepts(block);
  const trace = traceOf(all, block);
  const found =
    trace === null
      ? fromCode(project.snapshot.blocks[block]?.cells ?? [])
      : trace.withheld.filter(({ why }) => why === 'opaque');
  return found.filter(({ name }) => accepts(name)).map(({ name, type, detail }) => ({ name, type, detail }));
}

/** Variables that hold something like a generator or an open file at the end. */
function fromCode(cells: readonly CellFacts[]) {
  const kept = new Map<string, string>();
  for (const step of cells.flatMap(({ steps }) => steps)) {
    if (step.do === 'bind' || step.do === 'delete') kept.delete(step.name);
    else if (step.do === 'unkept') kept.set(step.name, step.what);
  }
  return [...kept].map(([name, what]) => ({ name, type: what, detail: '' }));
}

/** Blocks that run again whenever a reader of theirs does. */
export function replayNotes(all: Judged): readonly string[] {
  const { project } = all.context;
  return [...project.graph.order].flatMap(block => {
    const names = unstorable(all, block);
    if (names.length === 0) return [];
    const id = project.graph.ids[block] ?? '';
    const wanted = project.wanted(block);
    const read = names.filter(({ name }) => wanted === null || wanted.includes(name));
    if (read.length === 0) return [];
    const listed = read.map(({ name, type }) => `${name} (${type})`).join(', ');
    return [
      `${id} makes ${listed}, which can not be stored: when a reader runs, ${id} runs again in its process`,
    ];
  });
}
