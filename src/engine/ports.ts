/**
 * What the engine asks of the world. Queries are synchronous reads of a snapshot, so that judging a project is one
 * plain pass; everything that changes something is an effect and happens elsewhere.
 */
import type { BlockId, Digest, Key, Uid } from '../protocol/ids.js';
import type { CellFacts } from '../protocol/cellFacts.js';
import type { BlockDeclaration, DagFile, Json } from '../protocol/dagFile.js';
import type { Dependency, Trace } from '../protocol/trace.js';

/** Digests of text; the real one is blake3-256. */
export interface Hasher {
  digest(text: string): Digest;
}

/** The outside as it is now. */
export interface World {
  /** Authentic traces under a key, newest first, whose objects are all there. */
  traces(key: Key): readonly Trace[];
  /** Current digest of a dependency; `null`: absent. Never asked for `ambient`, which the engine knows itself. */
  observe(kind: Exclude<Dependency['kind'], 'ambient'>, name: string): Digest | null;
  /** The current content of a value of the environment as an observation would give it; declared globs expand here. */
  expand(glob: string): readonly string[];
}

/** What is remembered of a block besides its traces: hints only, a trace decides. */
export interface BlockMemory {
  /** Trace whose outputs its notebook shows; absent: none, or the file's outputs are other ones. */
  readonly shown: string | null;
  /** Last good trace, for telling what changed since; its key may not match any more. */
  readonly last: Trace | null;
  /** Last failure, kept until the block runs again. */
  readonly failure: { readonly key: Key; readonly message: string; readonly seconds: number } | null;
  /** It was started and did not come to a good end since; the files that it writes may be half-made. */
  readonly unfinished?: boolean;
}

/** A block as it stands on disk now. */
export interface BlockSnapshot {
  readonly declaration: BlockDeclaration;
  readonly uid: Uid;
  /** Facts of its code cells in order, empty ones included. */
  readonly cells: readonly CellFacts[];
  /** Where the non-empty ones stand among all cells of the notebook, from 1; absent: there are no others. */
  readonly places?: readonly number[];
  readonly memory: BlockMemory;
}

/** A project as it stands on disk now; a run pins one and works on it. */
export interface ProjectSnapshot {
  readonly dag: DagFile;
  /** In notebook order. */
  readonly blocks: readonly BlockSnapshot[];
  /** Parameters after overrides. */
  readonly parameters: ReadonlyMap<string, Json>;
  /** Digest of Python, platform and kernelspec. */
  readonly environment: Digest;
}

export type { BlockId };
