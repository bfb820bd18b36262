/** A project with the state of every block, as the commands that look at it tell of it. */
import { EXIT_CODE, filterTest, judge, type Context, type Judgement } from '../engine/index.js';
import type { BlockStatus, ExportReport } from '../protocol/reports.js';
import type { Trace } from '../protocol/trace.js';
import type { OpenProject } from './openProject.js';

export interface Judged {
  readonly context: Context;
  readonly judgements: readonly (Judgement | undefined)[];
}

export async function judged(project: OpenProject): Promise<Judged> {
  const context = project.context(await project.load());
  return { context, judgements: judge(context) };
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

/** Names that the filter asks for and that can not be stored; making them again is what their readers wait for. */
export function unstorable(
  all: Judged,
  block: number,
): readonly { readonly name: string; readonly type: string; readonly detail: string }[] {
  const accepts = all.context.project.accepts(block);
  return (traceOf(all, block)?.withheld ?? []).flatMap(({ name, type, why, detail }) =>
    why === 'opaque' && accepts(name) ? [{ name, type, detail }] : [],
  );
}
