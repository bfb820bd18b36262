/** What a worker is told of a block that starts. */
import type { Filter, Json } from '../protocol/dagFile.js';
import type { BlockId, Key } from '../protocol/ids.js';
import type { Reason } from '../protocol/states.js';
import type { Ingredients } from '../protocol/trace.js';
import type { Ambient } from './ambient.js';
import type { ExecuteEffect, Segment } from './effects.js';
import { hintsFor, type Hints } from './hints.js';
import { isSessionWanted } from './heldSessions.js';
import type { Project } from './project.js';
import type { Pending, RunState } from './runState.js';
import { segmentsOf } from './sessions.js';

export function executionOf(
  state: RunState,
  block: number,
  pending: Pending,
  attempt: number,
): ExecuteEffect {
  const { context, values } = state;
  const { inputs, ingredients } = pending.prepared;
  const parameters = parametersOf(ingredients);
  const segments = segmentsOf(context, block, inputs, values, parameters);
  const hold = isSessionWanted(state, block);
  const hints = hintsFor(context.project, block, inputs.missing, values, state.makers);
  return new Execution(context.project, block, pending, attempt, segments, parameters, hold, hints);
}

function parametersOf({ parameters }: Ingredients): Map<string, Json> {
  const values = new Map<string, Json>();
  for (const { name, value } of parameters) values.set(name, value);
  return values;
}

/** A class, so that there is one getter and not one an effect. */
class Execution implements ExecuteEffect {
  readonly kind = 'execute';
  readonly block: BlockId;
  readonly key: Key;
  readonly ingredients: Ingredients;
  readonly reasons: readonly Reason[];
  readonly ambient: Ambient;
  readonly filter: Filter;
  readonly #project: Project;
  readonly #index: number;

  constructor(
    project: Project,
    index: number,
    { prepared, reasons }: Pending,
    readonly attempt: number,
    readonly segments: readonly Segment[],
    readonly parameters: ReadonlyMap<string, Json>,
    readonly hold: boolean,
    readonly hints: Hints,
  ) {
    this.#project = project;
    this.#index = index;
    this.block = project.graph.ids[index]!;
    this.key = prepared.key;
    this.ingredients = prepared.ingredients;
    this.reasons = reasons;
    this.ambient = prepared.inherited;
    this.filter = project.snapshot.blocks[index]!.declaration.filter;
  }

  /** Gathered from all that its children read when a worker is told: a block can have many children. */
  get wanted(): readonly string[] | null {
    return this.#project.wanted(this.#index);
  }
}
