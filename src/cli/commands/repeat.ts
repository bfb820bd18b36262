/** `run` again where nothing is different since it had nothing to do: the same answer, without judging the project. */
import { stampOf } from '../../adapters/textFile.js';
import type { Store } from '../../adapters/store/index.js';
import { stillStands } from '../../daemon/verdict.js';
import type { ProjectLock } from '../../engine/storePorts.js';
import { blockId, type Digest } from '../../protocol/ids.js';
import { ProblemError } from '../../protocol/problem.js';
import type { RunReport } from '../../protocol/reports.js';
import type { RunOptions } from '../program.js';
import type { Session } from '../session.js';
import { openTelling } from '../telling.js';

/** Everything of a call to run that its answer depends on; `undefined`: its answer is not kept. */
export async function askedBy(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
): Promise<Digest | undefined> {
  const { only, upstream, downstream, force, dryRun, check, tag, parameter } = options;
  const program = stampOf(session.around.bundle);
  if (force === true || dryRun === true || check === true || program === null) return undefined;
  const { hasher } = await session.ground();
  return hasher.digest(JSON.stringify([program, targets, only, upstream, downstream, tag, parameter]));
}

/** The report of a run that has nothing to do, told as any other; `undefined`: it takes judging to know. */
export async function repeat(session: Session, asked: Digest): Promise<RunReport | undefined> {
  const began = Date.now();
  const { store, kernel } = await session.ground();
  const verdict = store.verdicts.read(asked);
  if (verdict === undefined) return undefined;
  const { environment } = await kernel(verdict.kernel);
  if (environment !== verdict.environment) return undefined;
  const lock = lockIfFree(store);
  if (lock === undefined) return undefined;
  try {
    if (!stillStands(verdict, store.observer, store.objects)) return undefined;
    const telling = openTelling(session, store.layout.root);
    const { target, fresh } = verdict;
    telling.emit({ event: 'runStarted', run: telling.run, target: target.map(blockId), upTo: 0, jobs: 0 });
    for (const { block, savedSeconds } of fresh)
      telling.emit({ event: 'blockFresh', block: blockId(block), savedSeconds });
    const report: RunReport = {
      run: telling.run,
      target,
      executed: [],
      restored: [],
      fresh: fresh.map(({ block }) => block),
      replayed: [],
      failed: [],
      blocked: [],
      cancelled: [],
      seconds: (Date.now() - began) / 1000,
    };
    telling.emit({ event: 'runFinished', report });
    store.save();
    return report;
  } finally {
    lock.release();
  }
}

/** `undefined`: somebody works on the project, so what holds now may not hold in a moment. */
function lockIfFree(store: Store): ProjectLock | undefined {
  try {
    return store.lock('dagpy run');
  } catch (error) {
    if (error instanceof ProblemError && error.problems[0]?.code === 'locked') return undefined;
    throw error;
  }
}
