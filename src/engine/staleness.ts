/** Judges a whole project, or the part of it that a run is about, without running anything. */
import type { BlockId, Key } from '../protocol/ids.js';
import { unreachable, type Problem } from '../protocol/problem.js';
import type { BlockState, Reason } from '../protocol/states.js';
import type { InputIngredient, Trace } from '../protocol/trace.js';
import { frozenTrace, Values, type Context } from './context.js';
import { evaluate } from './evaluate.js';
import type { Graph } from './graph.js';
import { sessionsIn } from './inputNames.js';
import { marked, placesFor } from './marks.js';
import { toTheEnd, type Pieces } from './pieces.js';
import { FORCED, NEVER_RUN, ownReasons, reasonsToRun } from './reasons.js';

export interface Judgement {
  readonly state: BlockState;
  readonly reasons: readonly Reason[];
  /** The trace that answers; `null`: none, or not known before its parents ran. */
  readonly trace: Trace | null;
  /** `null`: its inputs are not known. */
  readonly key: Key | null;
  /** `yes`: its code runs · `perhaps`: if its inputs come out different · `restore`: outputs are put back · `no`: nothing to do, or it can not. */
  readonly runs: 'yes' | 'perhaps' | 'restore' | 'no';
  /** Blocks whose code runs again if its own runs, for values that can not be stored; as far as is known. */
  readonly replays: readonly BlockId[];
  /** Why it can not run at all: inputs that contradict each other or can not be stored. */
  readonly problems: readonly Problem[];
}

export interface JudgeOptions {
  /** Marks of the blocks to judge; others hand on their last stored values. Absent: all. */
  readonly scope?: Uint8Array;
  /** Marks of blocks that run although a trace may answer. */
  readonly forced?: Uint8Array;
}

const NONE: readonly never[] = [];

export type Judgements = readonly (Judgement | undefined)[];

/** One judgement a block, in notebook order; `undefined` outside the scope. Linear in blocks and edges. */
export const judge = (context: Context, options: JudgeOptions = {}): Judgements =>
  toTheEnd(judging(context, options));

/** The same, stopping before each block, for those who have something else to do meanwhile. */
export function* judging(context: Context, { scope, forced }: JudgeOptions = {}): Pieces<Judgements> {
  const { graph } = context.project;
  const values = new Values(context, scope);
  const judgements = placesFor<Judgement>(graph.size, scope);
  const isPartial = scope !== undefined && scope.includes(0);
  // Until one has failed, nothing below has to be told of it.
  let hasFailed = false;

  // Mark: frozen blocks are known without looking at their parents.
  for (const block of context.project.frozen) {
    if (scope?.[block] === 0) continue;
    yield;
    const trace = forced?.[block] === 1 ? undefined : frozenTrace(context, block);
    if (trace === undefined) continue;
    values.setRemembered(block, trace);
    judgements[block] = frozen(context, block, trace);
  }

  // Close and compute in topological order: each block finds its parents decided.
  for (const block of isPartial ? inOrder(graph, scope) : graph.order) {
    if (judgements[block] !== undefined) continue;
    yield;
    const isKnown = values.hasInputsOf(block);
    const outside =
      isKnown || !isPartial ? NONE : values.lackedBy(block).filter(parent => scope?.[parent] === 0);
    let judgement: Judgement;
    if (outside.length > 0)
      judgement = impossible(outside.map(parent => notRunProblem(context, block, parent)));
    else if (forced?.[block] === 1) judgement = willRun('stale', FORCED, null, replaysOf(context, block));
    else if (isKnown) judgement = judgeKnown(context, block, values);
    else judgement = judgeUnknown(context, block, values);
    if (hasFailed) judgement = afterFailures(graph, block, judgement, judgements);
    else if (judgement.state === 'failed') hasFailed = true;
    judgements[block] = judgement;
  }
  return judgements;
}

/** Marked blocks in topological order, without a look at every block where few are marked. */
function* inOrder({ size, rank, order }: Graph, marks: Uint8Array): Generator<number> {
  const places = new Uint8Array(size);
  for (const block of marked(marks)) places[rank[block]!] = 1;
  for (const place of marked(places)) yield order[place]!;
}

/** Of a large project mostly all blocks are so: what they have in common is not kept for each. */
class Answered implements Judgement {
  constructor(
    readonly trace: Trace,
    readonly runs: 'restore' | 'no',
  ) {}

  get key(): Key {
    return this.trace.key;
  }

  get state(): BlockState {
    return 'fresh';
  }

  get reasons(): readonly Reason[] {
    return NONE;
  }

  get replays(): readonly BlockId[] {
    return NONE;
  }

  get problems(): readonly Problem[] {
    return NONE;
  }
}

const willRun = (
  state: BlockState,
  reasons: readonly Reason[],
  key: Key | null,
  replays: readonly BlockId[],
): Judgement => ({
  replays,
  state,
  reasons,
  trace: null,
  key,
  runs: 'yes',
  problems: NONE,
});

function judgeKnown(context: Context, block: number, values: Values): Judgement {
  const found = evaluate(context, block, values);
  switch (found.kind) {
    case 'problem':
      return impossible(found.problems);
    case 'answered': {
      const { trace, restores } = found;
      values.set(block, trace, found.inherited);
      return new Answered(trace, restores ? 'restore' : 'no');
    }
    case 'unanswered': {
      const reasons = reasonsToRun(context, block, found.prepared, found.refusals);
      const { key, ingredients } = found.prepared;
      const replays = replaysOf(context, block, ingredients.inputs);
      return willRun(stateFor(context, block, key, reasons), reasons, key, replays);
    }
    default:
      return unreachable(found);
  }
}

function stateFor({ project }: Context, block: number, key: Key, reasons: readonly Reason[]): BlockState {
  if (project.snapshot.blocks[block]!.memory.failure?.key === key) return 'failed';
  return reasons[0]?.kind === 'never-run' ? 'never' : 'stale';
}

const NEVER_AND_UNKNOWN = willRun('never', NEVER_RUN, null, NONE);

/** Some of the parents may come out different. */
function judgeUnknown(context: Context, block: number, values: Values): Judgement {
  const own = ownReasons(context, block);
  // Of a project that never ran nearly all blocks are so: one judgement stands for them.
  if (own === NEVER_RUN) return NEVER_AND_UNKNOWN;
  if (own.length > 0) {
    const state = own[0]!.kind === 'never-run' ? 'never' : 'stale';
    return willRun(state, own, null, replaysOf(context, block));
  }
  const { ids } = context.project.graph;
  const waits: Reason = {
    kind: 'input',
    detail: `waits for ${values
      .lackedBy(block)
      .map(parent => ids[parent])
      .join(', ')}`,
  };
  return {
    state: 'affected',
    reasons: [waits],
    trace: null,
    key: null,
    runs: 'perhaps',
    replays: replaysOf(context, block),
    problems: NONE,
  };
}

/** @param inputs as they are known now; absent: as they were the last time */
function replaysOf(
  { project: { graph, snapshot } }: Context,
  block: number,
  inputs: readonly InputIngredient[] = snapshot.blocks[block]!.memory.last?.ingredients.inputs ?? NONE,
): readonly BlockId[] {
  const open = [...sessionsIn(inputs)];
  if (open.length === 0) return NONE;
  const found = new Set<BlockId>();
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const maker = graph.indexOf.get(id);
    if (maker === undefined || found.has(id)) continue;
    found.add(id);
    open.push(...sessionsIn(snapshot.blocks[maker]!.memory.last?.ingredients.inputs ?? NONE));
  }
  return [...found].sort((a, b) => graph.rank[graph.indexOf.get(a)!]! - graph.rank[graph.indexOf.get(b)!]!);
}

/** Nothing below a failed block runs before that is put right: by itself if it only has to run again. */
function afterFailures(
  graph: Graph,
  block: number,
  own: Judgement,
  judgements: readonly (Judgement | undefined)[],
): Judgement {
  if (own.problems.length > 0) return own;
  const by: string[] = [];
  let hopeless = false;
  for (let slot = graph.parentStart[block]!; slot < graph.parentStart[block + 1]!; slot += 1) {
    const parent = graph.parents[slot]!;
    const above = judgements[parent];
    if (above?.state !== 'failed' && above?.state !== 'blocked') continue;
    by.push(graph.ids[parent]!);
    if (above.runs === 'no') hopeless = true;
  }
  if (by.length === 0) return own;
  const reason: Reason = { kind: 'failed', detail: `waits for ${by.join(', ')}` };
  const runs = hopeless ? 'no' : own.runs === 'yes' ? 'yes' : 'perhaps';
  // Waiting for parents is said once: for those that failed.
  const others = own.state === 'affected' ? [] : own.reasons;
  const { trace, key, replays, problems } = own;
  return { state: 'blocked', reasons: [reason, ...others], trace, key, runs, replays, problems };
}

function impossible(problems: readonly Problem[]): Judgement {
  const reasons = problems.map(({ message }): Reason => ({ kind: 'failed', detail: message }));
  return { state: 'failed', reasons, trace: null, key: null, runs: 'no', replays: NONE, problems };
}

function frozen({ project }: Context, block: number, trace: Trace): Judgement {
  const isShown = project.snapshot.blocks[block]!.memory.shown === trace.id;
  return {
    state: 'frozen',
    reasons: NONE,
    trace,
    key: trace.key,
    runs: isShown ? 'no' : 'restore',
    replays: NONE,
    problems: NONE,
  };
}

export function notRunProblem({ project }: Context, block: number, parent: number): Problem {
  const { ids } = project.graph;
  return {
    code: 'parent-not-run',
    message: `${ids[block]} needs the values of ${ids[parent]}, and nothing of it is stored`,
    file: project.snapshot.blocks[block]!.declaration.notebook,
    remedy: `run it with what it needs: dagpy run ${ids[block]}`,
  };
}
