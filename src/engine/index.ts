/** The engine's interface. Everything here is pure: the world comes in as a value, what to do goes out as effects. */
export type { BlockMemory, BlockSnapshot, Hasher, ProjectSnapshot, World } from './ports.js';
export { openContext, type Context, type ContextOptions } from './context.js';
export { buildGraph, cycleProblem, unknownBlock, type Graph } from './graph.js';
export { toTheEnd, type Pieces } from './pieces.js';
export { ancestorsOf, descendantsOf, isDescendant } from './closures.js';
export { blockReads } from './reads.js';
export { lineageOf, type RunRequest, type Target } from './selection.js';
export { judge, judging, type Judgement, type Judgements } from './staleness.js';
export { historyNotes, unmade, unmadeMessage, type Note } from './runNotes.js';
export { plan, planning, type Plan, type PlannedBlock } from './plan.js';
export { startRun, stateOf, type RunState } from './runState.js';
export { step, type StepResult } from './step.js';
export type {
  Effect,
  ExecuteEffect,
  LiveSession,
  Outcome,
  RunInput,
  RunOptions,
  Segment,
} from './effects.js';
export { isSessionWanted, sessionFor, type HeldSession } from './heldSessions.js';
export type { BoundComponent } from './resolvedInputs.js';
export type { Ambient } from './ambient.js';
export { frameDigest, frameList, frameText, keyWith, type KeyFunction } from './key.js';
export { EXIT_CODE, filterTest, globTest, type NameTest } from './filters.js';
export { cwdOf } from './project.js';
