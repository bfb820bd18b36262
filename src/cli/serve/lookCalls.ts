/** What a run would do, stored values, past runs, and what is stored for nothing. */
import { pastRuns } from '../../adapters/runHistory.js';
import { inPieces } from '../../daemon/breathe.js';
import { replayNotes, traceOf } from '../../daemon/judged.js';
import { showStoredValue } from '../../daemon/storedValue.js';
import { estimate } from '../../engine/estimate.js';
import { planning, unknownBlock } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import type { CallHandlers, PlannedView } from '../../protocol/resident/calls.js';
import { judged, judgedAs } from '../judged.js';
import { requestOf } from './runCalls.js';
import type { DaemonHost } from './serveHost.js';

/** Objects of a run that is about to name them, milliseconds. */
const GRACE_MILLISECONDS = 3_600_000;

export function lookCalls(
  host: DaemonHost,
): Pick<CallHandlers, 'preview' | 'value' | 'runs' | 'collectCache'> {
  return {
    preview: ({ project, target, force }) =>
      host.withProject(project, async open => {
        const context = open.context(await open.load());
        const planned = orThrow(await inPieces(planning(context, requestOf(target, force)), open.breathe));
        if (planned.problems.length > 0) throw new ProblemError(planned.problems);
        const running = [...planned.runs, ...planned.mayRun];
        const blocks = running.map(({ block }) => block);
        const cost = estimate(context.project, blocks, host.around.cores);
        const isKnown = cost.unknown.length < blocks.length || blocks.length === 0;
        return {
          runs: planned.runs.map(({ block }) => block),
          mayRun: planned.mayRun.map(({ block }) => block),
          restored: planned.restored,
          kept: planned.fresh,
          seconds: isKnown ? cost.seconds : null,
          peakBytes: isKnown ? cost.peakBytes : null,
          planned: running.map(({ block, reasons, replays = [] }): PlannedView => ({
            block,
            reasons,
            replays,
          })),
          notes: replayNotes(await judgedAs(open, context)),
        };
      }),
    value: ({ project, block, name }) =>
      host.withProject(project, async open => {
        const all = await judged(open);
        const { graph } = all.context.project;
        const index = graph.indexOf.get(blockId(block));
        if (index === undefined) throw new ProblemError([unknownBlock(block, graph.ids)]);
        const trace = traceOf(all, index);
        if (trace === null)
          throw new ProblemError([
            { code: 'never-run', message: `${block} has not run yet`, remedy: 'run it first' },
          ]);
        return { text: await showStoredValue(open.ports, trace, name, { columns: 0 }) };
      }),
    runs: ({ project }) => Promise.resolve({ runs: pastRuns(`${host.folder(project)}/.dagpy`) }),
    collectCache: ({ project }) =>
      host.resident(project).turn(() =>
        host.withProject(project, async open => {
          const { maxBytes } = open.dag.dag.cache;
          const keeper = await open.keeper(open.lock('dagpy cache gc'));
          const { removedBytes } = keeper.collect({
            graceMilliseconds: GRACE_MILLISECONDS,
            ...(maxBytes === undefined ? {} : { maxBytes }),
          });
          host.resident(project).forgetCache();
          return { freedBytes: removedBytes };
        }),
      ),
  };
}
