/** What a followed project asks of the outside. Handed in by the composition root. */
import type { Breathe } from '../breathe.js';
import type { LoadedProject } from '../loadProject.js';
import type { ProjectPorts } from '../ports.js';
import type { Difference } from '../verdict.js';
import type { Watched } from '../seen.js';
import type { Context, Graph } from '../../engine/index.js';
import type { ProjectLock, TraceStore } from '../../engine/storePorts.js';
import type { DagFile, Json } from '../../protocol/dagFile.js';
import type { RunEvent } from '../../protocol/events.js';
import type { Digest, RunId } from '../../protocol/ids.js';
import type { KeptBlock } from '../../protocol/verdict.js';
import type { Problem } from '../../protocol/problem.js';
import type { CacheView } from '../../protocol/resident/view.js';

/** A project as it was opened, for one look or one run. */
export interface OpenedProject {
  readonly dag: { readonly dag: DagFile; readonly text: string; readonly warnings: readonly Problem[] };
  readonly ports: ProjectPorts;
  load(parameters?: ReadonlyMap<string, Json>): Promise<LoadedProject>;
  context(loaded: LoadedProject): Context;
  /** Becomes the one writer until it is closed; throws a `ProblemError` that says who is. */
  lock(command: string): ProjectLock;
  /** Values adopted from kernels, by key. */
  readonly local: Pick<TraceStore, 'read'>;
  close(): Promise<void>;
}

export interface OpenedForRun extends OpenedProject {
  /** Keeps that a call had nothing to do, for the next one like it. */
  keepAnswer(loaded: LoadedProject, asked: Digest, answer: ToldAnswer): void;
}

/** What a run told, as long as that is no more than which blocks are fresh. */
export interface ToldAnswer {
  readonly target: readonly string[];
  readonly fresh: readonly KeptBlock[];
  readonly isQuiet: boolean;
}

/** What was looked at through one opening, and whether it looks different by now. */
export interface Looked {
  readonly watched: Watched;
  /** Further folders in which something happens when others work on the project. */
  readonly folders: readonly string[];
  differences(): Promise<readonly Difference[]>;
}

/** One look at a project: opened where it can be, and with whatever was seen where it can not. */
export interface Look {
  /** `null`: it can not be opened. */
  readonly opened: OpenedProject | null;
  /** `null`: not even `dag.json` can be understood. */
  readonly structure: { readonly dag: DagFile; readonly text: string; readonly graph: Graph } | null;
  /** Of notebooks, by their paths: another one whenever the file is. */
  readonly fileVersions: ReadonlyMap<string, string>;
  /** Why it can not be opened. */
  readonly problems: readonly Problem[];
  /** To be asked for when all is judged. */
  looked(): Looked;
}

export interface ResidentPorts {
  /** As clients name it. */
  readonly project: string;
  /** Absolute path. */
  readonly folder: string;
  readonly cores: number;
  now(): number;
  /** Between two pieces of long work. */
  readonly breathe: Breathe;
  look(): Promise<Look>;
  /** @param environment of who asks; absent: the daemon's own */
  open(environment?: Readonly<Record<string, string>>): Promise<OpenedForRun>;
  isReadOnly(): boolean;
  /** Its folder is. */
  isThere(): boolean;
  /** It was seen that the folder is gone: nobody asks this project for anything any more. */
  vanished(): void;
  newRun(): RunId;
  /** Where the events of a run are kept. */
  openLog(run: RunId): { write(event: RunEvent): void };
  /** The last failure of a block that any log tells, with its traceback. */
  loggedFailure(block: string): Extract<RunEvent, { event: 'blockFailed' }> | undefined;
  cache(): Promise<CacheView | null>;
  /** What undo and redo would do, in words. @param dagText `dag.json` as it is by now */
  edits(dagText: string | null): { readonly undo: string | null; readonly redo: string | null };
  /** Packages changed: the next workers start anew. */
  retireWorkers(): void;
  /** Tells when something happens in folders; only a hint to look. */
  watch(happened: () => void): { follow(folders: Iterable<string>): void; close(): void };
  /** A run began or ended. */
  countRuns(): void;
  /** A bug: told where the daemon tells such things. */
  fault(error: unknown): void;
}
