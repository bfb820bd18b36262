/** What a session gets in which a person goes on from the parents of a block. */
import type { Problem } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import { bindComponents, choose } from './inputs.js';
import type { Project } from './project.js';
import type { BoundComponent } from './resolvedInputs.js';

export interface OfferedInputs {
  readonly components: readonly BoundComponent[];
  /** Names that contradict each other, or that can not be stored. */
  readonly problems: readonly Problem[];
}

/**
 * Everything that is stored of the parents, whether the block's code reads it by now or not.
 * @param has parents that something is stored of; `traceOf` is asked for no other
 */
export function offeredInputs(
  project: Project,
  block: number,
  traceOf: (parent: number) => Trace,
  has: (parent: number) => boolean,
): OfferedInputs {
  const reads = { names: project.reads(block).names, everything: true };
  const { chosen, problems } = choose({ project, block, traceOf, has }, reads);
  return { components: bindComponents(project, chosen), problems };
}

/** Of a component what is left when some names are not to be bound; nothing: it is not wanted at all. */
export function withoutNames(bound: BoundComponent, hidden: ReadonlySet<string>): readonly BoundComponent[] {
  const bind = new Map(
    [...bound.bind].flatMap(([stored, names]) => {
      const left = names.filter(name => !hidden.has(name));
      return left.length === 0 ? [] : [[stored, left] as const];
    }),
  );
  return bind.size === 0 ? [] : [{ ...bound, bind }];
}
