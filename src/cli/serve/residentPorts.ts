/** The outside of one followed project, put together. */
import { accessSync, constants, existsSync } from 'node:fs';
import { DAG_FILE } from '../../adapters/dagFile/find.js';
import { lastFailure } from '../../adapters/runHistory.js';
import { newRunId, openRunLog } from '../../adapters/runLog.js';
import type { Observer } from '../../adapters/observe.js';
import { isAsSeen, type StoredSight } from '../../adapters/store/keptReads.js';
import { measuringCache } from '../../adapters/store/measure.js';
import { watchFolders } from '../../adapters/watchFolders.js';
import { inPieces } from '../../daemon/breathe.js';
import type { Look, OpenedForRun, ResidentPorts } from '../../daemon/resident/ports.js';
import { sightOf, type Watched, watchedOf } from '../../daemon/seen.js';
import { differing, type Difference } from '../../daemon/verdict.js';
import type { Pieces } from '../../engine/index.js';
import type { Problem } from '../../protocol/problem.js';
import { ProblemError } from '../../protocol/problem.js';
import type { Surroundings } from '../environment.js';
import { keepAnswer } from '../commands/keepAnswer.js';
import { openGround, type Resident } from '../ground.js';
import { openProject, type OpenProject } from '../openProject.js';
import { readStructure } from '../structure.js';
import type { History } from './history.js';
import { withEnvironment } from './surroundings.js';
import type { WorkerPools } from './workerPools.js';

export interface ResidentOptions {
  readonly around: Surroundings;
  /** As clients name it. */
  readonly project: string;
  /** Absolute path. */
  readonly folder: string;
  readonly pools: WorkerPools;
  readonly history: History;
  readonly resident: Resident;
  note(message: string): void;
  fault(error: unknown): void;
  /** A run began or ended. */
  countRuns(): void;
  vanished(): void;
}

/** Opens the project with workers that are kept warm. */
export async function openWarm(
  { folder, pools, resident, note }: Pick<ResidentOptions, 'folder' | 'pools' | 'resident' | 'note'>,
  around: Surroundings,
): Promise<WarmProject> {
  const ground = await openGround(around, folder, resident);
  const opened = await openProject(around, ground, note, (...pool) => pools.for(...pool));
  return {
    ...opened,
    keepAnswer: (loaded, asked, answer) => keepAnswer(ground, opened, loaded, asked, answer),
  };
}

export type WarmProject = OpenProject & OpenedForRun;

export function residentPorts(options: ResidentOptions): ResidentPorts {
  const { around, project, folder, pools, history, resident, note, fault, countRuns } = options;
  const now = (): number => Date.now();
  return {
    project,
    folder,
    cores: around.cores,
    now,
    breathe: resident.breathe,
    fault,
    countRuns,
    look: () => look(options),
    open: environment =>
      openWarm(options, environment === undefined ? around : withEnvironment(around, environment)),
    isReadOnly: () =>
      !(isWritable(folder) && isWritable(`${folder}/${DAG_FILE}`) && isWritable(`${folder}/.dagpy`)),
    isThere: () => existsSync(folder),
    vanished: () => options.vanished(),
    newRun: () => newRunId(now()),
    openLog: run => openRunLog(`${folder}/.dagpy`, now, run),
    loggedFailure: block => lastFailure(`${folder}/.dagpy`, block),
    cache: () => inPieces(measuringCache(`${folder}/.dagpy`), resident.breathe),
    edits: text => history.words(text),
    retireWorkers: () => pools.retire(),
    watch: watchFolders,
  };

  async function look({ around: own }: ResidentOptions): Promise<Look> {
    const ground = await openGround(own, folder, resident);
    const { observer, looked, layout } = ground.store;
    const sights = [sightOf(DAG_FILE, observer)];
    let structure: Look['structure'] = null;
    let opened: OpenProject | null = null;
    let problems: readonly Problem[] = [];
    try {
      const { dag, graph } = readStructure(folder);
      structure = { dag: dag.dag, text: dag.text, graph };
      for (const { notebook } of dag.dag.blocks) {
        sights.push(sightOf(notebook, observer));
        const pause = resident.breathe();
        if (pause !== undefined) await pause;
      }
      opened = await openProject(own, ground, note, (...pool) => pools.for(...pool), { dag });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems = error.problems;
    }
    return {
      opened,
      structure,
      fileVersions: new Map(sights.map(({ name, digest }) => [name, (digest ?? '').slice(0, 16)])),
      problems,
      looked() {
        const watched = watchedOf(sights, looked.seen());
        // Other processes write there too: runs of a terminal, and results that are thrown away.
        const stored = new Map(looked.files);
        return {
          watched,
          differences: () => inPieces(comparing(watched, stored, observer), resident.breathe),
          folders: [layout.blocks],
        };
      },
    };
  }
}

function* comparing(
  watched: Watched,
  stored: ReadonlyMap<string, StoredSight | undefined>,
  observer: Observer,
): Pieces<readonly Difference[]> {
  const found = [...(yield* differing(watched, observer))];
  for (const [path, seen] of stored) {
    yield;
    if (seen !== undefined && !isAsSeen(path, seen, file => observer.observe('file', file)))
      found.push({ kind: 'file', name: observer.nameOf(path) });
  }
  return found;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return !existsSync(path);
  }
}
