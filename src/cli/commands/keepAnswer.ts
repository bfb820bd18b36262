/** Keeps the answer of a run that had nothing to do, with all that it rests on, for `repeat`. */
import { DAG_FILE } from '../../adapters/dagFile/find.js';
import type { LoadedProject } from '../../daemon/loadProject.js';
import type { ToldAnswer } from '../../daemon/resident/ports.js';
import { byStamps, dependsOnTime, groundsOf, inLines } from '../../daemon/verdict.js';
import type { RunEvent } from '../../protocol/events.js';
import type { Digest } from '../../protocol/ids.js';
import { VERDICT_VERSION, type KeptBlock } from '../../protocol/verdict.js';
import type { OpenProject } from '../openProject.js';
import type { Ground } from '../ground.js';

/** Keeps the answer of a run that had nothing to do, if nothing but that was to be told. */
export function keepAnswer(
  { hasher, store }: Ground,
  project: Pick<OpenProject, 'dag' | 'environment'>,
  loaded: LoadedProject,
  asked: Digest,
  { target, fresh, isQuiet }: ToldAnswer,
): void {
  if (!isQuiet || dependsOnTime(loaded)) return;
  const read = [
    { name: DAG_FILE, digest: hasher.digest(project.dag.text) },
    ...[...loaded.blocks.values()].map(({ snapshot, notebook }) => ({
      name: snapshot.declaration.notebook,
      digest: hasher.digest(notebook.text),
    })),
  ];
  const stored = [...store.looked.files.keys()].map(path => store.observer.nameOf(path));
  const seen = store.looked.seen();
  const grounds = seen === undefined ? undefined : groundsOf(seen, read, stored, store.observer);
  if (grounds === undefined) return;
  const kernel = project.dag.dag.kernel;
  store.verdicts.keep({
    version: VERDICT_VERSION,
    asked,
    kernel,
    environment: project.environment,
    target,
    fresh,
    expansions: grounds.expansions,
    ...byStamps(grounds.sights, store.observer),
    stored: inLines(grounds.objects),
  });
}

/** What a run told, as long as that is no more than which blocks are fresh. */
export class QuietAnswer implements ToldAnswer {
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
