/** One step of a run: takes in what happened, gives out what to do next. Performs nothing and never waits. */
import { unreachable, type Problem } from '../protocol/problem.js';
import type { Trace } from '../protocol/trace.js';
import { frozenTrace } from './context.js';
import type { Effect, Outcome, RunInput } from './effects.js';
import { evaluate, prepare } from './evaluate.js';
import { executionOf } from './execution.js';
import { marked } from './marks.js';
import { CACHE_MISSING, FORCED, reasonsToRun } from './reasons.js';
import { reportOf } from './report.js';
import type { Pending, Phase, RunState } from './runState.js';
import { writesAgain } from './sessions.js';
import { notRunProblem } from './staleness.js';

export interface StepResult {
  readonly state: RunState;
  readonly effects: readonly Effect[];
}

/** Consumes `state`: it is changed in place, and only the returned one may be used from then on. */
export function step(state: RunState, input: RunInput): StepResult {
  const effects: Effect[] = [];
  if (!state.isFinished) {
    take(state, input, effects);
    proceed(state, effects);
  }
  return { state, effects };
}

function take(state: RunState, input: RunInput, effects: Effect[]): void {
  const { indexOf, ids } = state.context.project.graph;
  switch (input.kind) {
    case 'started':
      return begin(state, effects);
    case 'finished': {
      const block = indexOf.get(input.block);
      // Late: another run of the block, or none, is what counts now.
      if (block === undefined || state.running.get(block) !== input.key) return;
      state.running.delete(block);
      return end(state, block, input.outcome, effects);
    }
    case 'restored': {
      const block = indexOf.get(input.block);
      if (block === undefined || !state.is(block, 'restoring')) return;
      state.restoring -= 1;
      if (input.ok) succeed(state, block, 'restored');
      else runAgain(state, block, effects);
      return;
    }
    case 'cancel':
      state.isCancelled = true;
      for (const [block, key] of state.running) effects.push({ kind: 'interrupt', block: ids[block]!, key });
      return;
    default:
      return unreachable(input);
  }
}

/** Judges what can be judged, starts what may start, and tells when nothing is left. */
function proceed(state: RunState, effects: Effect[]): void {
  const { order } = state.context.project.graph;
  while (!state.isCancelled) {
    const place = state.isFull ? -1 : state.toJudge.takeLeast();
    if (place >= 0) judgeBlock(state, order[place]!, effects);
    else if (state.ready.size === 0 || state.running.size >= state.options.jobs || state.isAlone) break;
    else if (!start(state, effects)) break;
  }
  if (state.running.size === 0 && state.restoring === 0) {
    state.isFinished = true;
    effects.push({ kind: 'finish', report: reportOf(state), problems: state.problems });
  }
}

function begin(state: RunState, effects: Effect[]): void {
  const { context, selection } = state;
  const { graph } = context.project;
  for (const block of marked(selection.scope)) {
    state.enter(block, 'waiting');
    for (let slot = graph.parentStart[block]!; slot < graph.parentStart[block + 1]!; slot += 1) {
      if (selection.scope[graph.parents[slot]!] === 1) state.waitingFor[block]! += 1;
    }
    if (state.waitingFor[block] === 0) state.toJudge.add(graph.rank[block]!);
  }
  for (const block of context.project.frozen) {
    if (selection.scope[block] !== 1) continue;
    const trace = selection.forced[block] === 1 ? undefined : frozenTrace(context, block);
    if (trace === undefined) continue;
    state.values.setRemembered(block, trace);
    const { memory } = context.project.snapshot.blocks[block]!;
    answer(state, block, trace, memory.shown !== trace.id, effects);
  }
}

function judgeBlock(state: RunState, block: number, effects: Effect[]): void {
  // A frozen block is done before its parents are.
  if (!state.is(block, 'waiting')) return;
  const { context, values } = state;
  if (!values.hasInputsOf(block))
    return refuse(
      state,
      block,
      values.lackedBy(block).map(parent => notRunProblem(context, block, parent)),
      effects,
    );
  if (state.selection.forced[block] === 1) {
    const prepared = prepare(context, block, values);
    if (prepared.kind === 'problem') refuse(state, block, prepared.problems, effects);
    else state.enqueue(block, { prepared, reasons: FORCED });
    return;
  }
  const found = evaluate(context, block, values);
  switch (found.kind) {
    case 'problem':
      return refuse(state, block, found.problems, effects);
    case 'answered':
      values.set(block, found.trace, found.inherited);
      return answer(state, block, found.trace, found.restores, effects);
    case 'unanswered':
      return state.enqueue(block, {
        prepared: found.prepared,
        reasons: reasonsToRun(context, block, found.prepared, found.refusals),
      });
    default:
      return unreachable(found);
  }
}

function answer(state: RunState, block: number, trace: Trace, restores: boolean, effects: Effect[]): void {
  const id = state.context.project.graph.ids[block]!;
  if (restores) {
    // Children wait until it is done: they may read files that are being put back.
    state.enter(block, 'restoring');
    state.restoring += 1;
    effects.push({ kind: 'restore', block: id, trace });
  } else {
    effects.push({ kind: 'fresh', block: id, trace });
    succeed(state, block, 'fresh');
  }
}

function succeed(state: RunState, block: number, phase: Phase): void {
  const { graph } = state.context.project;
  state.enter(block, phase);
  for (let slot = graph.childStart[block]!; slot < graph.childStart[block + 1]!; slot += 1) {
    const child = graph.children[slot]!;
    state.waitingFor[child]! -= 1;
    if (state.waitingFor[child] === 0 && state.is(child, 'waiting')) state.toJudge.add(graph.rank[child]!);
  }
}

/** What was stored can not be read after all. */
function runAgain(state: RunState, block: number, effects: Effect[]): void {
  const prepared = prepare(state.context, block, state.values);
  if (prepared.kind === 'problem') refuse(state, block, prepared.problems, effects);
  else state.enqueue(block, { prepared, reasons: [CACHE_MISSING] });
}

function refuse(state: RunState, block: number, problems: readonly Problem[], effects: Effect[]): void {
  state.problems.push(...problems);
  effects.push({ kind: 'refused', block: state.context.project.graph.ids[block]!, problems });
  fail(state, block, effects);
}

function fail(state: RunState, block: number, effects: Effect[]): void {
  state.enter(block, 'failed');
  blockBelow(state, block, effects);
}

function blockBelow(state: RunState, failed: number, effects: Effect[]): void {
  const { graph } = state.context.project;
  const open = [failed];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    for (let slot = graph.childStart[block]!; slot < graph.childStart[block + 1]!; slot += 1) {
      const child = graph.children[slot]!;
      if (!state.is(child, 'waiting')) continue;
      state.enter(child, 'blocked');
      effects.push({ kind: 'blocked', block: graph.ids[child]!, by: graph.ids[failed]! });
      open.push(child);
    }
  }
}

/** @returns `false`: the next one has to wait until nothing else runs */
function start(state: RunState, effects: Effect[]): boolean {
  const [block, kept] = state.dequeue();
  const pending = kept ?? pendingAgain(state, block);
  if ('problems' in pending) {
    refuse(state, block, pending.problems, effects);
    return true;
  }
  const attempt = state.attempts[block]! + 1;
  const effect = executionOf(state, block, pending, attempt);
  const isAlone = writesAgain(state.context, effect.segments, state.values);
  if (isAlone && state.running.size > 0) {
    state.enqueue(block, pending);
    return false;
  }
  state.isAlone = isAlone;
  state.attempts[block] = attempt;
  state.enter(block, 'running');
  state.running.set(block, pending.prepared.key);
  effects.push(effect);
  return true;
}

function pendingAgain(state: RunState, block: number): Pending | { readonly problems: readonly Problem[] } {
  const { context, values, selection } = state;
  const found = evaluate(context, block, values);
  if (found.kind === 'problem') return found;
  if (found.kind === 'unanswered') {
    const reasons =
      selection.forced[block] === 1 ? FORCED : reasonsToRun(context, block, found.prepared, found.refusals);
    return { prepared: found.prepared, reasons };
  }
  const prepared = prepare(context, block, values);
  if (prepared.kind === 'problem') return prepared;
  return { prepared, reasons: selection.forced[block] === 1 ? FORCED : [CACHE_MISSING] };
}

function end(state: RunState, block: number, outcome: Outcome, effects: Effect[]): void {
  const { project } = state.context;
  state.isAlone = false;
  for (const replayed of outcome.kind === 'stored' ? outcome.trace.replayed : outcome.replayed)
    state.replayed.add(project.graph.indexOf.get(replayed)!);
  switch (outcome.kind) {
    case 'stored':
      state.values.set(block, outcome.trace, state.values.inheritedBy(block));
      return succeed(state, block, 'executed');
    case 'failed':
      if (!state.isCancelled && state.attempts[block]! <= project.snapshot.blocks[block]!.declaration.retries)
        return state.enqueue(block, undefined);
      return fail(state, block, effects);
    case 'interrupted':
      state.enter(block, 'cancelled');
      if (!state.isCancelled) blockBelow(state, block, effects);
      return;
    default:
      return unreachable(outcome);
  }
}
