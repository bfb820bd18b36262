/** Sessions of blocks whose filter is off, kept alive while blocks of the run may continue them. */
import type { BlockId } from '../protocol/ids.js';
import type { ExecuteEffect } from './effects.js';
import { isOff } from './replay.js';
import type { Phase, RunState } from './runState.js';

/** A running block is among them: its worker may not be forked yet. */
const UNFINISHED: ReadonlySet<Phase> = new Set<Phase>(['waiting', 'ready', 'running']);

/** Whether a block that is not done continues the session of an off block, or that of one which does. */
export function isSessionWanted(state: RunState, block: number): boolean {
  const { project } = state.context;
  if (!isOff(project, block) || state.isCancelled) return false;
  const { graph } = project;
  for (let slot = graph.childStart[block]!; slot < graph.childStart[block + 1]!; slot += 1) {
    const child = graph.children[slot]!;
    const edges = graph.parents.subarray(graph.parentStart[child], graph.valueEnd[child]);
    if (!edges.includes(block)) continue;
    if (UNFINISHED.has(state.phase(child)) || isSessionWanted(state, child)) return true;
  }
  return false;
}

/** The session of a block in the process that a job left. */
export interface HeldSession {
  readonly block: BlockId;
  readonly job: string;
  /** Blocks whose code ran in it, in order, its own last. */
  readonly chain: readonly BlockId[];
  /** It began in an interpreter that had imported nothing. */
  readonly bare: boolean;
}

/** The held session that spares a job the most replays; what is still to be run comes after it in the same order. */
export function sessionFor(
  held: Iterable<HeldSession>,
  { segments }: ExecuteEffect,
  bare: boolean,
): HeldSession | undefined {
  let best: HeldSession | undefined;
  for (const session of held) {
    const isStart =
      session.chain.length < segments.length &&
      session.chain.every((block, place) => segments[place]!.block === block);
    if (isStart && (session.bare || !bare) && session.chain.length > (best?.chain.length ?? 0))
      best = session;
  }
  return best;
}
