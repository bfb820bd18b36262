/** What `split` is given and what it proposes. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { Filter, ParentEdge } from '../../protocol/dagFile.js';
import type { BlockId } from '../../protocol/ids.js';
import type { Problem } from '../../protocol/problem.js';

export type SplitBy = 'heading' | 'tag' | 'cell';

export interface SplitCell {
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly id?: string;
  readonly tags: readonly string[];
  /** `metadata.dagpy.block`, which counts as a tag `block:NAME`. */
  readonly block?: string;
  /** Of code cells only. */
  readonly facts?: CellFacts;
}

export interface SplitInput {
  readonly cells: readonly SplitCell[];
  readonly by: SplitBy;
  /** Name of the notebook, for ids and messages. */
  readonly name: string;
}

export interface ProposedBlock {
  readonly id: BlockId;
  /** Indexes of its cells; those of all blocks, one after the other, are all cells in order. */
  readonly cellIndexes: readonly number[];
  readonly parents: readonly ParentEdge[];
  readonly filter: Filter;
  /** What a person should know about this block, in words. */
  readonly remarks: readonly string[];
}

/** Something that can not be kept the same, or was decided for the user; `cell` is 1-based among all cells. */
export type SplitRemark = Pick<Problem, 'code' | 'message' | 'cell' | 'remedy'>;

export interface SplitProposal {
  /** In notebook order; empty where `refusals` says why. */
  readonly blocks: readonly ProposedBlock[];
  /** The block that should run in every session. */
  readonly prelude?: BlockId;
  readonly warnings: readonly SplitRemark[];
  readonly refusals: readonly SplitRemark[];
}

/** Consecutive cells that become one block. */
export interface Group {
  readonly title: string | null;
  readonly cells: readonly number[];
}
