/** `dag.json` after decoding: defaults filled in, paths still as written. */
import type { BlockId } from './ids.js';

export const DAG_FILE_VERSION = 1;

/** A JSON value as parameters and `each` carry it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a block hands on: everything storable, the names and globs listed, or its whole session. */
export type Filter =
  | { readonly kind: 'auto' }
  | { readonly kind: 'names'; readonly patterns: readonly string[] }
  | { readonly kind: 'off' };

/** An edge; `use` maps the parent's name to the child's, absent means every name as it is. */
export interface ParentEdge {
  readonly block: BlockId;
  readonly use?: ReadonlyMap<string, string>;
}

/** `auto`: when nothing stored answers · `always`: at every run · `never`: frozen at its last result. */
export type RunPolicy = 'auto' | 'always' | 'never';

export interface BlockDeclaration {
  readonly id: BlockId;
  /** Relative to the project, with `/`. */
  readonly notebook: string;
  readonly parents: readonly ParentEdge[];
  readonly filter: Filter;
  readonly run: RunPolicy;
  /** Seconds after which an external result is asked for again. */
  readonly ttl?: number;
  /** Globs of files that count although no code was seen to read them. */
  readonly inputs: readonly string[];
  /** Files that the block writes and that are restored on a hit. */
  readonly outputs: readonly string[];
  /** Environment variables that count although no code was seen to read them. */
  readonly env: readonly string[];
  /** Working folder relative to the project; absent: the folder of the notebook. */
  readonly cwd?: string;
  /** Order without values. */
  readonly after: readonly BlockId[];
  readonly tags: ReadonlyMap<string, string>;
  /** Seconds after which a running block is stopped. */
  readonly timeout?: number;
  readonly retries: number;
}

export interface DagFile {
  readonly version: typeof DAG_FILE_VERSION;
  readonly name: string;
  readonly kernel: string;
  readonly cache: { readonly keep: number; readonly maxBytes?: number };
  readonly parameters: ReadonlyMap<string, Json>;
  /** Project seed of random generators; `null` leaves them unseeded. */
  readonly seed: number | null;
  /** Block whose code runs first in every session. */
  readonly prelude?: BlockId;
  /** Seconds after which results of blocks that used the network are asked for again. */
  readonly externalTtl?: number;
  readonly tags: ReadonlyMap<string, string>;
  /** In notebook order. */
  readonly blocks: readonly BlockDeclaration[];
}
