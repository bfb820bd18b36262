/** What is remembered of an execution, and what it stored. Decoded and checked before anything believes it. */
import type { BlockId, Digest, Key, TraceId, Uid } from './ids.js';
import type { Json } from './dagFile.js';

/** Part of every key: raise it when stored bytes or the meaning of a key change. */
export const TRACE_VERSION = 3;

/** One immutable file of the object store. */
export interface ObjectRef {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a buffer. Mostly they are an object of their own, which is why the fields have other names than that one's. */
export interface StoredBuffer {
  /** Digest of these bytes, wherever they lie. */
  readonly content: Digest;
  readonly size: number;
  /** Where they are if they are no object of their own: in this object, from this byte on. */
  readonly within?: { readonly object: ObjectRef; readonly offset: number };
}

export interface VariableFacts {
  readonly name: string;
  /** Qualified type, such as `pandas.DataFrame`. */
  readonly type: string;
  /** Stored bytes, buffers included; shared parts count for each variable. */
  readonly bytes: number;
  /** One line for people: shape, length or short repr. */
  readonly summary: string;
}

/** Variables that share mutable objects: stored, hashed and restored as one. */
export interface Component {
  /** Sorted by code unit. */
  readonly names: readonly string[];
  /** Over the head, the content of the buffers in order, and the names. */
  readonly digest: Digest;
  readonly head: ObjectRef;
  readonly buffers: readonly StoredBuffer[];
  /** Line tables and file names for tracebacks; never part of a digest that counts. */
  readonly lineTables: ObjectRef | null;
  readonly variables: readonly VariableFacts[];
  /** Session globals that functions and classes inside reach, transitively. */
  readonly reaches: readonly string[];
  /** Names that the filter did not ask for and that came along for functions that reach them. */
  readonly hidden: readonly string[];
}

/** A variable that the block made and that is not stored. */
export interface Withheld {
  readonly name: string;
  readonly type: string;
  /** `filter`: not asked for · `size`: large and nobody reads it · `opaque`: can not be stored. */
  readonly why: 'filter' | 'size' | 'opaque';
  /** For `opaque`: what failed and what to do. */
  readonly detail: string;
  /** For `opaque`: other names of the block that share mutable objects with it; whoever reads both gets both alive. */
  readonly shares?: readonly string[];
  /** For `opaque`: session globals that functions and frames inside reach, transitively. */
  readonly reaches?: readonly string[];
}

/** Something outside the block that its result depends on, discovered while it ran. */
export interface Dependency {
  readonly kind: 'file' | 'folder' | 'module' | 'package' | 'environment' | 'ambient';
  /** Path (relative to the project where inside it), variable name, dist-info folder or adapter name. */
  readonly name: string;
  /** `null`: it was absent. */
  readonly digest: Digest | null;
  /** For people: module name, package and version. */
  readonly detail?: string;
}

/** Ambient state (random generators, options, environment …) as the block left it. */
export interface AmbientState {
  readonly adapter: string;
  readonly state: ObjectRef;
}

export interface WrittenFile {
  readonly path: string;
  readonly digest: Digest;
  /** Bytes; 0 where the content is not kept. */
  readonly size: number;
  /** Kept only when declared as an output or read by another block. */
  readonly object: ObjectRef | null;
}

/** Everything a key is made of, kept beside it so that reasons can be told. */
export interface Ingredients {
  readonly version: number;
  /** Python, platform and kernelspec. */
  readonly environment: Digest;
  readonly uid: Uid;
  readonly seed: number | null;
  /** Digests of the non-empty code cells in order. */
  readonly cells: readonly Digest[];
  /** Digests of the prelude's cells; empty for the prelude itself. */
  readonly prelude: readonly Digest[];
  /** What it reads of its parents, sorted by name. */
  readonly inputs: readonly InputIngredient[];
  /** Project parameters that it reads, sorted by name. */
  readonly parameters: readonly { readonly name: string; readonly value: Json }[];
  /** Declared files and environment variables, sorted. */
  readonly declared: readonly {
    readonly kind: 'file' | 'environment';
    readonly name: string;
    readonly digest: Digest | null;
  }[];
  /** Declared working folder, relative to the project. */
  readonly cwd: string;
}

export interface InputIngredient {
  /** As the child names it. */
  readonly name: string;
  readonly component: Digest;
  /** Which names of the child share the component. */
  readonly sharing: readonly string[];
}

export interface CellCode {
  /** Id of the cell in the notebook. */
  readonly cell: string;
  readonly source: string;
}

export interface Trace {
  readonly version: number;
  readonly id: TraceId;
  readonly key: Key;
  readonly uid: Uid;
  readonly block: BlockId;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Wall time of its cells. */
  readonly seconds: number;
  /** Largest resident set of the worker, bytes. */
  readonly peakBytes: number;
  readonly ingredients: Ingredients;
  /** Its non-empty code cells as they were, so that this version can be brought back. */
  readonly code: readonly CellCode[];
  readonly discovered: readonly Dependency[];
  readonly exports: readonly Component[];
  readonly withheld: readonly Withheld[];
  readonly ambient: readonly AmbientState[];
  /** Outputs of the non-empty code cells, in order, as `CellOutputs[]` in msgpack. */
  readonly display: ObjectRef;
  readonly written: readonly WrittenFile[];
  /** Files that it added to: running its code again would add to them again. */
  readonly appended: readonly string[];
  /** Hosts it connected to; empty: it did not. */
  readonly external: readonly string[];
  /** Why its reads can not be followed; empty: they can. */
  readonly untracked: readonly string[];
  /** Top-level modules worth importing beforehand. */
  readonly imports: readonly string[];
  /** Blocks whose code ran again for it in its process, for values that can not be stored; in the order of their start. */
  readonly replayed: readonly BlockId[];
  readonly warnings: readonly string[];
}
