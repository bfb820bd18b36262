/** A project of the original dagpy (2018-2019) after decoding: names as written, nothing looked up yet. */
import type { Problem } from '../problem.js';

/** What a block hands on: the variables listed (none: nothing), or, switched off, its whole session. */
export type FormerFilter =
  { readonly kind: 'names'; readonly names: readonly string[] } | { readonly kind: 'off' };

/** Where something stands: in the project file, or in a cell of a flow notebook. */
export type FormerPlace = Pick<Problem, 'file' | 'line' | 'column' | 'cell'>;

export interface FormerBlock {
  readonly id: string;
  /** In their order, each once. */
  readonly parents: readonly string[];
  readonly filter: FormerFilter;
  /** Notebook, relative to the folder of the project file, in its shortest form with `/`. */
  readonly file: string;
  readonly description: string;
  readonly place: FormerPlace;
}

export interface FormerProject {
  /** Absent where the file says none that can be used. */
  readonly name?: string;
  readonly blocks: readonly FormerBlock[];
  /** What was read in another way than it is written, or not at all. */
  readonly warnings: readonly Problem[];
}

export const FORMER_BOOKKEEPING = ['title', 'delimiter', 'input_filter', 'output_filter', 'header'] as const;
/** Cells that the original generated: what they do is done by edges and filters here. */
export type FormerBookkeeping = (typeof FORMER_BOOKKEEPING)[number];
