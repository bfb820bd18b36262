/** `run` again where nothing is different since it had nothing to do: the same answer, without judging the project. */
import { DAG_FILE } from '../../adapters/dagFile/index.js';
import { stampOf } from '../../adapters/textFile.js';
import { dependsOnTime, groundsOf, stillStands } from '../../daemon/verdict.js';
import type { LoadedProject } from '../../daemon/loadProject.js';
import type { RunEvent } from '../../protocol/events.js';
import { blockId, type Digest } from '../../protocol/ids.js';
import type { RunReport } from '../../protocol/reports.js';
import { VERDICT_VERSION, type KeptBlock } from '../../protocol/verdict.js';
import type { OpenProject } from '../openProject.js';
import type { RunOptions } from '../program.js';
import type { Session } from '../session.js';
import { openTelling } from '../telling.js';

/** Everything of a call to run that its answer depends on; `undefined`: its answer is not kept. */
export async function askedBy(
  session: Session,
  targets: readonly string[],
  options: RunOptions,
): Promise<Digest | undefined> {
  const { only, upstream, downstream, force, dryRun, tag, parameter } = options;
  const program = stampOf(session.around.bundle);
  if (force === true || dryRun === true || program === null) return undefined;
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
  const lock = store.lock('dagpy run');
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

/** Keeps the answer of a run that had nothing to do, if nothing but that was to be told. */
export async function keepAnswer(
  session: Session,
  project: OpenProject,
  loaded: LoadedProject,
  asked: Digest,
  answer: QuietAnswer,
): Promise<void> {
  const { target, fresh, isQuiet } = answer;
  if (!isQuiet) return;
  if (session.remarks() > 0 || dependsOnTime(loaded)) return;
  const { hasher, store } = await session.ground();
  const read = [
    { name: DAG_FILE, digest: hasher.digest(project.dag.text) },
    ...[...loaded.blocks.values()].map(({ snapshot, notebook }) => ({
      name: snapshot.declaration.notebook,
      digest: hasher.digest(notebook.text),
    })),
  ];
  const stored = [...store.looked.files].map(path => store.observer.nameOf(path));
  const grounds = groundsOf(store.looked.seen(), read, stored, store.observer);
  if (grounds === undefined) return;
  const kernel = project.dag.dag.kernel;
  store.verdicts.keep({
    version: VERDICT_VERSION,
    asked,
    kernel,
    environment: project.environment,
    target,
    fresh,
    ...grounds,
  });
}

/** What a run told, as long as that is no more than which blocks are fresh. */
export class QuietAnswer {
  target: readonly string[] = [];
  readonly fresh: KeptBlock[] = [];
  isQuiet = true;

  take(event: RunEvent): void {
    if (event.event === 'runStarted') this.target = event.target;
    else if (event.event === 'blockFresh')
      this.fresh.push({ block: event.block, savedSeconds: event.savedSeconds });
    else if (event.event !== 'runFinished') this.isQuiet = false;
  }
}
