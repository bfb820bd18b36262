/** The daemon's side of calls: projects that are followed, opened and edited, and the folder they lie in. */
import { existsSync, realpathSync } from 'node:fs';
import { KeptStore } from '../../adapters/store/keptStore.js';
import { createBreathe } from '../../daemon/breathe.js';
import { ResidentProject, readOnly } from '../../daemon/resident/residentProject.js';
import { ProblemError } from '../../protocol/problem.js';
import type { Surroundings } from '../environment.js';
import type { Resident } from '../ground.js';
import { lendTrust } from './trustLenders.js';
import type { OpenProject } from '../openProject.js';
import { History } from './history.js';
import type { ServeHost } from './host.js';
import { openWarm, residentPorts } from './residentPorts.js';
import { createRoot, type Root } from './root.js';
import { WorkerPools } from './workerPools.js';

/** How often projects are let go whose folders are gone. */
const TIDY_MILLISECONDS = 10_000;

/** A project with all that a daemon keeps of it. */
interface Kept {
  /** Absolute, links followed: whoever comes by way of a link comes to the same one. */
  readonly folder: string;
  readonly memory: Resident;
  readonly resident: ResidentProject;
  readonly history: History;
  /** Ends when the edits so far have ended. */
  edits: Promise<unknown>;
}

export interface DaemonHost extends ServeHost {
  readonly places: Root;
  resident(project: string): ResidentProject;
  history(project: string): History;
  /** One edit at a time; nothing of it is remembered. */
  inTurn<Value>(project: string, change: () => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

export interface DaemonOptions {
  readonly around: Surroundings;
  readonly root: string;
  note(message: string): void;
  fault(error: unknown): void;
  /** The number of runs that are on is another one. */
  active(running: number): void;
}

export function createDaemonHost({ around, root, note, fault, active }: DaemonOptions): DaemonHost {
  const places = createRoot(root);
  const pools = new WorkerPools();
  const projects = new Map<string, Kept>();
  const breathe = createBreathe(() => performance.now());
  const countRuns = (): void =>
    active([...projects.values()].filter(({ resident }) => resident.isRunning).length);

  const keptOf = (project: string): Kept => {
    const folder = realpathSync(places.project(project));
    const known = projects.get(folder);
    if (known !== undefined) return known;
    const memory: Resident = { kept: new KeptStore(), breathe, lendTrust };
    const history = new History(folder, path => memory.kept.textOf(path));
    const resident = new ResidentProject(
      residentPorts({
        around,
        project: places.nameOf(folder),
        folder,
        pools,
        history,
        resident: memory,
        note,
        fault,
        countRuns,
        vanished: () => drop(folder),
      }),
    );
    const kept: Kept = { folder, memory, resident, history, edits: Promise.resolve() };
    projects.set(folder, kept);
    return kept;
  };

  const drop = (folder: string): void => {
    const kept = projects.get(folder);
    projects.delete(folder);
    kept?.resident.close().catch(fault);
  };
  // Those that somebody follows find out by themselves.
  const tidying = setInterval(() => {
    for (const { folder, resident } of projects.values())
      if (!resident.isRunning && !existsSync(folder)) drop(folder);
  }, TIDY_MILLISECONDS);
  tidying.unref();

  const inTurn = async <Value>(project: string, change: () => Promise<Value>): Promise<Value> => {
    const kept = keptOf(project);
    const turn = kept.edits.then(async () => {
      if (kept.resident.isReadOnly()) throw new ProblemError([readOnly(project)]);
      const value = await change();
      await kept.resident.look();
      return value;
    });
    kept.edits = turn.catch(() => undefined);
    return turn;
  };

  return {
    around,
    root: places.folder,
    places,
    resolve: path => places.resolve(path),
    folder: project => places.project(project),
    resident: project => keptOf(project).resident,
    history: project => keptOf(project).history,
    async withProject<Value>(project: string, use: (opened: OpenProject) => Promise<Value>): Promise<Value> {
      const { folder, memory } = keptOf(project);
      const opened = await openWarm({ folder, pools, resident: memory, note }, around);
      try {
        return await use(opened);
      } finally {
        await opened.close();
      }
    },
    inTurn,
    edit: (project, what, change) => inTurn(project, () => keptOf(project).history.remember(what, change)),
    look: project => keptOf(project).resident.look(),
    async close() {
      clearInterval(tidying);
      await Promise.all([...projects.values()].map(({ resident }) => resident.close()));
      for (const { memory } of projects.values()) memory.kept.close();
      await pools.close();
    },
  };
}
