/** What a worker is told of a block that starts. */
import type { Json } from '../protocol/dagFile.js';
import type { ExecuteEffect } from './effects.js';
import { hintsFor } from './hints.js';
import { isSessionWanted } from './heldSessions.js';
import type { Pending, RunState } from './runState.js';
import { segmentsOf } from './sessions.js';

export function executionOf(
  state: RunState,
  block: number,
  { prepared, reasons }: Pending,
  attempt: number,
): ExecuteEffect {
  const { context, values } = state;
  const { project } = context;
  const { inputs, ingredients, key } = prepared;
  const parameters = new Map<string, Json>();
  for (const { name, value } of ingredients.parameters) parameters.set(name, value);
  return {
    kind: 'execute',
    block: project.graph.ids[block]!,
    key,
    ingredients,
    reasons,
    attempt,
    segments: segmentsOf(context, block, inputs, values, parameters),
    parameters,
    ambient: prepared.inherited,
    filter: project.snapshot.blocks[block]!.declaration.filter,
    /** Gathered from all that its children read when a worker is told: a block can have many children. */
    get wanted() {
      return project.wanted(block);
    },
    hold: isSessionWanted(state, block),
    hints: hintsFor(project, block, inputs.missing, values, state.makers),
  };
}
