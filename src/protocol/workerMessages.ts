/**
 * What crosses between the engine's process and Python: frames of `u32 big-endian length + msgpack map`
 * over a Unix socket (a loopback TCP socket on Windows). The engine listens, hosts and workers connect.
 *
 *   host    the zygote: imports packages, forks a worker a job, reaps it; runs no user code itself
 *   holder  keeps the session of a block whose filter is off as the block left it; forks workers of children from it
 *   worker  one job, then it leaves; forked by the host or started on its own, with the same messages
 *   helper  answers questions about code (`analyse`); starts no IPython session
 */
import type { CellOutput, JsonObject } from './outputs.js';
import type { AnalysedCell } from './cellFacts.js';
import type { Json } from './dagFile.js';
import type { Digest } from './ids.js';
import type { ObjectRef, VariableFacts, Withheld } from './trace.js';

/** Both ends refuse another version in the handshake. */
export const WORKER_PROTOCOL = 4;

// ---------------------------------------------------------------- from Python, any role

export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly secret: string;
  readonly role: 'host' | 'worker' | 'helper' | 'holder';
  readonly pid: number;
  /** The job a worker was started for, or whose session is held; empty for others. */
  readonly job: string;
}

// ---------------------------------------------------------------- host

export type ToHost =
  | { readonly type: 'preimport'; readonly modules: readonly string[] }
  | { readonly type: 'fork'; readonly job: string }
  | { readonly type: 'shutdown' };

/** Answers are those of a host. */
export type ToHolder = { readonly type: 'fork'; readonly job: string } | { readonly type: 'release' };

export type FromHost =
  /** Answer to `preimport`. `forkSafe` false: the engine starts workers on their own from then on. */
  | {
      readonly type: 'ready';
      readonly modules: readonly string[];
      readonly forkSafe: boolean;
      readonly why: string;
    }
  | { readonly type: 'forked'; readonly job: string; readonly pid: number }
  | { readonly type: 'refused'; readonly job: string; readonly why: string }
  | {
      readonly type: 'exited';
      readonly job: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: number | null;
      readonly peakBytes: number;
    };

// ---------------------------------------------------------------- helper

export type ToHelper =
  | { readonly type: 'analyse'; readonly request: number; readonly sources: readonly string[] }
  | { readonly type: 'shutdown' };
/** One entry per source. */
export type FromHelper = {
  readonly type: 'facts';
  readonly request: number;
  readonly cells: readonly AnalysedCell[];
};

// ---------------------------------------------------------------- worker

export interface JobCell {
  /** Among the non-empty code cells of its block, from 0. */
  readonly ordinal: number;
  /** The cell's id in the notebook. */
  readonly id: string;
  /** 1-based place among all cells of the notebook, for messages. */
  readonly place: number;
  readonly source: string;
  /** Tagged `raises-exception`: an error is shown and the next cell runs, as under nbclient. */
  readonly raises: boolean;
}

/** A run of bytes of a file; `offset` and `size` in bytes. */
export interface Extent {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
}

/** A component to restore before a segment runs. */
export interface JobInput {
  readonly head: string;
  readonly buffers: readonly Extent[];
  readonly lineTables: string | null;
  /** Digest recorded for the component, to see whether the block changes it. */
  readonly digest: string;
  /** All names stored in it. */
  readonly names: readonly string[];
  /** Stored name → names to bind in the session; a name that is not here is loaded and not bound. */
  readonly bind: { readonly [stored: string]: readonly string[] };
}

/** What a segment starts from as its block does when it runs by itself. */
export interface SegmentSetting {
  readonly uid: string;
  /** Absolute working folder. */
  readonly cwd: string;
  /** As in `JobSpec`. */
  readonly seed: string | null;
  readonly ambient: { readonly [adapter: string]: string };
}

/** A session made again beside the job's own, from which live objects are handed on. */
export interface JobSession {
  /** The last one is of the block whose variables are handed on. */
  readonly segments: readonly JobSegment[];
  /** Its name → names to bind in the session that asks. */
  readonly bind: { readonly [theirs: string]: readonly string[] };
}

/**
 * `prelude`: runs silently first · `replay`: another block's code run again for values that can not be stored, its
 * outputs dropped · `main`: the block itself, with outputs.
 */
export interface JobSegment {
  readonly role: 'prelude' | 'replay' | 'main';
  readonly block: string;
  /** Notebook path relative to the project, for messages. */
  readonly notebook: string;
  readonly cells: readonly JobCell[];
  readonly inputs: readonly JobInput[];
  /** Sessions that hand on values which can not be stored, made right before the inputs are bound. */
  readonly live: readonly JobSession[];
  /** `null`: that of the job, or for a prelude what comes after it. */
  readonly setting: SegmentSetting | null;
}

export interface JobSpec {
  readonly type: 'execute';
  readonly job: string;
  readonly block: string;
  readonly uid: string;
  /** Absolute path of the project. */
  readonly project: string;
  /** Absolute working folder; put first on `sys.path`. */
  readonly cwd: string;
  readonly segments: readonly JobSegment[];
  /** Bound before the prelude runs; only those that are read. */
  readonly parameters: { readonly [name: string]: Json };
  /** Ambient state of the ancestors: adapter → absolute path of its stored state. */
  readonly ambient: { readonly [adapter: string]: string };
  /** Random generators are seeded from it (32 hexadecimal digits); `null`: left alone. Ambient states override. */
  readonly seed: string | null;
  readonly keep: {
    /** `auto`: all that is storable · list: names and globs · `off`: nothing is stored, the session is replayed. */
    readonly filter: 'auto' | 'off' | readonly string[];
    /** Names that descendants read; `null`: any of them. Under `auto` others are kept only up to `smallBytes`. */
    readonly wanted: readonly string[] | null;
    readonly smallBytes: number;
  };
  /** Absolute path of the object store, to skip writing what is there: `<objects>/ab/cdef…`. */
  readonly objects: string;
  /** Files of the store that are not in their place before they are durable: place → where they are until then. */
  readonly early: { readonly [place: string]: string };
  /** Absolute folder that exists, is empty and is this job's own: blobs are written here. */
  readonly scratch: string;
  /** Declared outputs (globs relative to the project): always reported among `written`. */
  readonly outputs: readonly string[];
  /** Hints for a `NameError`: name → sentence to add. */
  readonly hints: { readonly [name: string]: string };
  /** Whether children will continue its session, so that it should be kept where a fork of it is what a replay is. */
  readonly hold: boolean;
}

export type ToWorker = JobSpec | { readonly type: 'acknowledge' };

/** A blob in the job's scratch folder, or (`file` null) one whose digest is already in the object store. */
export interface BlobRef {
  /** File name inside `scratch`. */
  readonly file: string | null;
  readonly size: number;
  /** `null`: the worker's Python can not compute blake3, the engine does. */
  readonly digest: string | null;
}

/** A buffer that is a blob of its own. */
export interface WholeBuffer extends BlobRef {
  readonly within: null;
}

/** A buffer that lies in an object of the store, or in a blob that comes with it. */
export interface BufferPart {
  readonly file: null;
  readonly size: number;
  /** Of these bytes. */
  readonly digest: Digest;
  /** Digest and size are of all of the object. */
  readonly within: ObjectRef & { readonly offset: number };
}

export type BufferRef = WholeBuffer | BufferPart;

export interface StoredComponent {
  readonly names: readonly string[];
  readonly head: BlobRef;
  readonly buffers: readonly BufferRef[];
  readonly lineTables: BlobRef | null;
  readonly variables: readonly VariableFacts[];
  readonly reaches: readonly string[];
  readonly hidden: readonly string[];
}

/** Identity of a file's content as the file system tells it; nanoseconds as decimal strings. */
export interface FileStamp {
  readonly device: string;
  readonly inode: string;
  readonly size: number;
  readonly mtime: string;
  readonly ctime: string;
}

export interface WorkerError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
  /** Block and cell where it happened; `ordinal` -1: outside the cells (restoring, storing). */
  readonly block: string;
  readonly ordinal: number;
  /** 1-based line in that cell; 0: unknown. */
  readonly line: number;
}

/** Everything discovered while the block ran. Paths are absolute. */
export interface Discoveries {
  /** Files read or looked for, with the stamp at first access (`null`: absent). */
  readonly files: readonly { readonly path: string; readonly stamp: FileStamp | null }[];
  /** Folders listed, with the sorted names found. */
  readonly folders: readonly { readonly path: string; readonly entries: readonly string[] | null }[];
  /** Local modules: name, and path with stamp (`null`: a place that was looked at and empty). */
  readonly modules: readonly {
    readonly name: string;
    readonly path: string;
    readonly stamp: FileStamp | null;
  }[];
  /** Environment variables read, with their value at first access. */
  readonly environment: readonly { readonly name: string; readonly value: string | null }[];
  /** Distributions imported: name, version and dist-info folder. */
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly location: string;
  }[];
  /** Adapters of ambient state whose incoming state may have mattered. */
  readonly ambientUsed: readonly string[];
  /** Files that the block itself wrote, renamed into place or created. */
  readonly written: readonly string[];
  /** Files that blocks replayed for it wrote again. */
  readonly writtenBefore: readonly string[];
  /** Those of `written` that it only added to. */
  readonly appended: readonly string[];
  readonly external: readonly string[];
  readonly untracked: readonly string[];
  readonly imports: readonly string[];
}

export interface JobResult {
  readonly type: 'done';
  readonly status: 'ok' | 'error' | 'interrupted';
  readonly error: WorkerError | null;
  /** New or changed components; empty unless `ok`. */
  readonly components: readonly StoredComponent[];
  readonly withheld: readonly Withheld[];
  /** Changed ambient states. */
  readonly ambient: readonly { readonly adapter: string; readonly state: BlobRef }[];
  readonly discoveries: Discoveries;
  readonly widgets: JsonObject | null;
  readonly warnings: readonly string[];
  /** Wall seconds of the main segment's cells. */
  readonly seconds: number;
  readonly peakBytes: number;
  /** A holder keeps its session. */
  readonly held: boolean;
}

/**
 * From a forked worker, before anything ran: what its host has imported is not what the job would import. It leaves, and
 * the job goes to a worker that is started on its own.
 */
export interface Unfit {
  readonly type: 'unfit';
  /** `outdated`: the host will do for no job any more. `shadowed`: modules of the user's own would be found first. */
  readonly why: 'outdated' | 'shadowed';
}

/** The first word of a worker that took its job: from here on code of the user may have run. */
export interface Begun {
  readonly type: 'begun';
}

export type FromWorker =
  /** Another block's code runs again from here on, for values that can not be stored. */
  | { readonly type: 'replaying'; readonly block: string }
  | { readonly type: 'cellStarted'; readonly ordinal: number }
  /** Streams come in pieces; the engine joins neighbours of one name. `transient.display_id` is kept for updates. */
  | { readonly type: 'output'; readonly ordinal: number; readonly output: CellOutput }
  | { readonly type: 'clearOutput'; readonly ordinal: number; readonly wait: boolean }
  | {
      readonly type: 'updateDisplay';
      readonly displayId: string;
      readonly data: JsonObject;
      readonly metadata: JsonObject;
    }
  | {
      readonly type: 'cellFinished';
      readonly ordinal: number;
      readonly ok: boolean;
      readonly seconds: number;
    }
  | JobResult;
