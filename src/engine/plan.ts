/** What a run would do, without doing it. */
import type { BlockId } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import type { Reason } from '../protocol/states.js';
import type { Context } from './context.js';
import { marked } from './marks.js';
import { toTheEnd, type Pieces } from './pieces.js';
import { select, type RunRequest } from './selection.js';
import { judging, type Judgement } from './staleness.js';

export interface PlannedBlock {
  readonly block: BlockId;
  readonly reasons: readonly Reason[];
  /** Blocks whose code runs again with it, for values that can not be stored; absent: none that is known. */
  readonly replays?: readonly BlockId[];
}

/** Lists in topological order, ties in notebook order. */
export interface Plan {
  readonly target: readonly BlockId[];
  /** Runs for a reason of its own. */
  readonly runs: readonly PlannedBlock[];
  /** Runs if its inputs come out different. */
  readonly mayRun: readonly PlannedBlock[];
  readonly restored: readonly BlockId[];
  readonly fresh: readonly BlockId[];
  /** Can not run: a problem of its own, or something above it has one. */
  readonly stuck: readonly PlannedBlock[];
  /** Why blocks are stuck. */
  readonly problems: readonly Problem[];
}

export const plan = (context: Context, request: RunRequest): Result<Plan> =>
  toTheEnd(planning(context, request));

/** The same in pieces. */
export function* planning(context: Context, request: RunRequest): Pieces<Result<Plan>> {
  const selection = select(context, request);
  if (!selection.ok) return failure(...selection.problems);
  const { target, scope, forced } = selection.value;
  const { ids, order } = context.project.graph;
  const judgements = yield* judging(context, { scope, forced });
  const runs: PlannedBlock[] = [];
  const mayRun: PlannedBlock[] = [];
  const restored: BlockId[] = [];
  const fresh: BlockId[] = [];
  const stuck: PlannedBlock[] = [];
  const problems: Problem[] = [];
  // What a run of what is affected is about: all that is not fresh.
  const affected: BlockId[] = [];
  for (const index of order) {
    const judgement = judgements[index];
    if (judgement === undefined) continue;
    const block = ids[index]!;
    const isFresh = judgement.runs === 'no' && judgement.trace !== null;
    if (isFresh) fresh.push(block);
    else affected.push(block);
    if (judgement.problems.length > 0) problems.push(...judgement.problems);
    if (judgement.runs === 'yes') runs.push(planned(block, judgement));
    else if (judgement.runs === 'perhaps') mayRun.push(planned(block, judgement));
    else if (judgement.runs === 'restore') restored.push(block);
    else if (!isFresh) stuck.push(planned(block, judgement));
  }
  const isAboutAffected = request.target.kind === 'affected' && !request.force;
  const asked = isAboutAffected ? affected : [...marked(target)].map(index => ids[index]!);
  return success({ target: asked, runs, mayRun, restored, fresh, stuck, problems });
}

const planned = (block: BlockId, { reasons, replays }: Judgement): PlannedBlock =>
  replays.length === 0 ? { block, reasons } : { block, reasons, replays };
