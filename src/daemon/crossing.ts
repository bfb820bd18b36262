/** What crosses each edge: names that the parent hands on and that the child's code reads. */
import type { CrossingVariable } from '../protocol/reports.js';
import { traceOf, type Judged } from './judged.js';

interface Offered {
  readonly name: string;
  readonly type: string | null;
  readonly bytes: number | null;
}

/** @returns for blocks by their places; only parents whose filter is not off hand on single variables */
export function crossingVariables(
  all: Judged,
): (parent: number, child: number) => readonly CrossingVariable[] {
  const { project } = all.context;
  const { blocks } = project.snapshot.dag;
  const offers = new Map<number, readonly Offered[]>();
  const offeredBy = (parent: number): readonly Offered[] => {
    const known = offers.get(parent) ?? offersOf(all, parent);
    offers.set(parent, known);
    return known;
  };
  return (parent, child) => {
    const reads = project.reads(child);
    const names = new Set(reads.names);
    const crossing = new Map<string, CrossingVariable>();
    for (const { block, use } of blocks[child]!.parents) {
      if (block !== blocks[parent]!.id) continue;
      for (const offered of offeredBy(parent)) {
        const as = use === undefined ? offered.name : use.get(offered.name);
        if (as === undefined || !(reads.everything || names.has(as))) continue;
        crossing.set(as, { ...offered, as });
      }
    }
    return [...crossing.values()];
  };
}

/** What it stored; before it ever ran, the names that its code binds. */
function offersOf(all: Judged, block: number): readonly Offered[] {
  const { project } = all.context;
  const accepts = project.accepts(block);
  const trace = traceOf(all, block);
  if (trace === null) {
    const names = new Set(
      project.snapshot.blocks[block]!.cells.flatMap(({ binds, mayBind }) => [...binds, ...mayBind]),
    );
    return [...names].filter(accepts).map(name => ({ name, type: null, bytes: null }));
  }
  return trace.exports.flatMap(({ variables, hidden }) =>
    variables
      .filter(({ name }) => accepts(name) && !hidden.includes(name))
      .map(({ name, type, bytes }) => ({ name, type, bytes })),
  );
}
