/** What is known of a block's inputs once they are resolved. */
import { byCodeUnit, type BlockId } from '../protocol/ids.js';
import type { Component, InputIngredient } from '../protocol/trace.js';
import type { Project } from './project.js';

/** A component to restore, and what its variables are called in the block. */
export interface BoundComponent {
  readonly from: BlockId;
  readonly component: Component;
  /** Stored name → names to bind; a stored name that is not here is restored and not bound. */
  readonly bind: ReadonlyMap<string, readonly string[]>;
}

/** Values that can not be stored, of one parent whose code runs again beside the block's session to make them. */
export interface LiveInputs {
  readonly from: number;
  /** Its name → names to bind. */
  readonly bind: ReadonlyMap<string, readonly string[]>;
}

export interface ResolvedInputs {
  readonly components: readonly BoundComponent[];
  /** In topological order. */
  readonly live: readonly LiveInputs[];
  /** Sorted by name. */
  readonly ingredients: readonly InputIngredient[];
  /** Names of project parameters that it reads, sorted. */
  readonly parameters: readonly string[];
  /** Ancestors whose filter is off, in the order in which their code runs again before the block's. */
  readonly replay: readonly number[];
  /** Names read that nothing gives: builtins, names the block binds late, mistakes. */
  readonly missing: readonly string[];
}

/** Names that a block reads and no parent gives it: parameters, and those that are missing. */
export function otherNames(
  project: Project,
  block: number,
  isChosen: (name: string) => boolean,
  unmet: ReadonlySet<string>,
): Pick<ResolvedInputs, 'parameters' | 'missing'> {
  const { parameters: values } = project.snapshot;
  const { names, everything } = project.reads(block);
  const preludeReads = project.preludeReads(block);
  const binds = project.preludeBinds(block);
  const parameters = new Set<string>();
  const missing: string[] = [];
  // An input hides the parameter of its name, except from the prelude, which ran before.
  for (const name of preludeReads) if (values.has(name)) parameters.add(name);
  const others = unmet.size === 0 ? names : [...names, ...unmet];
  for (const name of others) {
    if (isChosen(name)) continue;
    if (values.has(name)) parameters.add(name);
    else if (!binds.includes(name)) missing.push(name);
  }
  if (everything) for (const name of values.keys()) if (!isChosen(name)) parameters.add(name);
  return { parameters: parameters.size === 0 ? NO_NAMES : [...parameters].sort(byCodeUnit), missing };
}

export const NO_NAMES: readonly string[] = [];
