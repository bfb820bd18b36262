/** What a worker is told of a block that starts. */
import type { Json } from '../protocol/dagFile.js';
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
  const parameters = new Map<string, Json>();
  for (const { name, value } of ingredients.parameters) parameters.set(name, value);
  const segments = segmentsOf(context, block, inputs, values, parameters);
  const hints = hintsFor(context.project, block, inputs.missing, values, state.makers);
  const hold = isSessionWanted(state, block);
  return new Execution(context.project, block, pending, { attempt, segments, parameters, hold, hints });
}

class Execution implements ExecuteEffect {
  readonly kind = 'execute';
  readonly block: BlockId;
  readonly key: Key;
  readonly ingredients: Ingredients;
  readonly reasons: readonly Reason[];
  readonly attempt: number;
  readonly segments: readonly Segment[];
  readonly parameters: ReadonlyMap<string, Json>;
  readonly ambient: Ambient;
  readonly hold: boolean;
  readonly hints: Hints;
  readonly #project: Project;
  readonly #index: number;

  constructor(
    project: Project,
    index: number,
    { prepared, reasons }: Pending,
    rest: Pick<ExecuteEffect, 'attempt' | 'segments' | 'parameters' | 'hold' | 'hints'>,
  ) {
    this.#project = project;
    this.#index = index;
    this.block = project.graph.ids[index]!;
    this.key = prepared.key;
    this.ingredients = prepared.ingredients;
    this.ambient = prepared.inherited;
    this.reasons = reasons;
    this.attempt = rest.attempt;
    this.segments = rest.segments;
    this.parameters = rest.parameters;
    this.hold = rest.hold;
    this.hints = rest.hints;
  }

  get filter(): ExecuteEffect['filter'] {
    return this.#project.snapshot.blocks[this.#index]!.declaration.filter;
  }

  /** Looked up among all that its children read when a worker is told, since a block can have many children. */
  get wanted(): readonly string[] | null {
    return this.#project.wanted(this.#index);
  }
}
