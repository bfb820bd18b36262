/** `run --dry-run`: what would run and why, how long it takes and how much memory it needs. */
import { judge, plan, type Plan, type PlannedBlock, type RunRequest } from '../../engine/index.js';
import { estimate, type Estimate } from '../../engine/estimate.js';
import type { Json } from '../../protocol/dagFile.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';
import { replayNotes } from '../judged.js';
import type { OpenProject } from '../openProject.js';
import type { Session } from '../session.js';
import { bytes, duration, glyph, oneLine, plural, printable } from '../terminal/style.js';
import { table } from '../terminal/table.js';

export interface PreviewOptions {
  readonly jobs: number;
  readonly json: boolean;
  /** Parameters given in the call, as `name=value`. */
  readonly given: readonly string[];
}

export async function preview(
  session: Session,
  project: OpenProject,
  request: RunRequest,
  parameters: ReadonlyMap<string, Json>,
  { jobs, json, given }: PreviewOptions,
): Promise<number> {
  const loaded = await project.load(parameters);
  if (given.length > 0) {
    const { assignedParameters } = await import('../assigned.js');
    for (const problem of assignedParameters(loaded, given)) session.warn(problem);
  }
  const context = project.context(loaded);
  const planned = orThrow(plan(context, request));
  if (planned.problems.length > 0) throw new ProblemError(planned.problems);
  const blocks = [...planned.runs, ...planned.mayRun].map(({ block }) => block);
  const cost = estimate(context.project, blocks, jobs);
  if (json) session.printJson({ ...planned, estimate: { ...cost, jobs } });
  else {
    session.print(described(session, planned, cost, jobs));
    for (const note of replayNotes({ context, judgements: judge(context) }))
      session.note(`note: ${oneLine(note)}`);
  }
  return 0;
}

function described(session: Session, planned: Plan, cost: Estimate, jobs: number): string {
  const style = session.outStyle;
  const upTo = planned.runs.length + planned.mayRun.length;
  if (upTo === 0 && planned.restored.length === 0) return 'Everything is fresh: nothing would run.\n';
  const rows = (
    blocks: readonly PlannedBlock[],
    state: 'stale' | 'affected',
  ): readonly (readonly string[])[] =>
    blocks.map(({ block, reasons, replays = [] }) => [
      glyph(style, state),
      printable(block),
      [
        ...reasons.map(reason => oneLine(reason.detail)),
        ...replays.map(id => `${oneLine(id)} runs again with it`),
      ].join(', '),
    ]);
  const restored = planned.restored.map(block => [
    style.paint('green', '↺'),
    printable(block),
    'a stored result is put back',
  ]);
  const all = [...rows(planned.runs, 'stale'), ...rows(planned.mayRun, 'affected'), ...restored];
  return `Up to ${plural(upTo, 'block')} would run, ${planned.fresh.length} kept.\n${costText(cost, upTo, jobs)}${table(all, '  ')}`;
}

/** `About 9 s with 2 at a time (12 s of work), up to 1.2 GB of memory.` */
function costText(
  { seconds, workSeconds, peakBytes, unknown }: Estimate,
  upTo: number,
  jobs: number,
): string {
  if (upTo === 0 || unknown.length === upTo) return '';
  const work = workSeconds - seconds < 0.05 * workSeconds ? '' : ` (${duration(workSeconds)} of work)`;
  const atATime = jobs > 1 && upTo > 1 ? ` with ${String(jobs)} at a time` : '';
  const guess =
    unknown.length === 0 ? '' : `; ${plural(unknown.length, 'block')} never ran, taken for average`;
  return `About ${duration(seconds)}${atATime}${work}, up to ${bytes(peakBytes)} of memory${guess}.\n`;
}
