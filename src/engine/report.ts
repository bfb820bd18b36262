/** What a run did, for people and scripts. */
import type { BlockId } from '../protocol/ids.js';
import type { RunReport } from '../protocol/reports.js';
import { PHASES, type Phase, type RunState } from './runState.js';

/** Lists in topological order, ties in notebook order. */
export function reportOf(state: RunState): Omit<RunReport, 'seconds'> {
  const { context, options, selection, replayed } = state;
  const { ids, order } = context.project.graph;
  const lists = new Map<Phase, BlockId[]>(PHASES.map(each => [each, []]));
  const target: BlockId[] = [];
  const replays: BlockId[] = [];
  const onlyAffected = options.request.target.kind === 'affected' && !options.request.force;
  for (const block of order) {
    const id = ids[block]!;
    const isReplayed = replayed.has(block);
    if (isReplayed) replays.push(id);
    // What a cancelled run never came to is cancelled too.
    const phase = state.phase(block);
    const ended = phase === 'waiting' || phase === 'ready' ? 'cancelled' : phase;
    lists.get(isReplayed && ended !== 'failed' && ended !== 'blocked' ? 'executed' : ended)!.push(id);
    if (selection.target[block] === 1 && !(onlyAffected && ended === 'fresh')) target.push(id);
  }
  const of = (ended: Phase) => lists.get(ended)!;
  return {
    run: options.run,
    target,
    executed: of('executed'),
    restored: of('restored'),
    fresh: of('fresh'),
    replayed: replays,
    failed: of('failed'),
    blocked: of('blocked'),
    cancelled: of('cancelled'),
  };
}
