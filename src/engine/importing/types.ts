/** What `import` is given and what it proposes. */
import type { Filter, ParentEdge } from '../../protocol/dagFile.js';
import type { FormerBlock, FormerBookkeeping } from '../../protocol/formerProject/index.js';
import type { BlockId } from '../../protocol/ids.js';
import type { Problem } from '../../protocol/problem.js';

export interface ImportCell {
  /** In its notebook, from 0. */
  readonly index: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  /** What the original generated it for; absent: it is the user's. */
  readonly bookkeeping?: FormerBookkeeping;
  /** It carries something else under the original's name in its metadata. */
  readonly isMarked: boolean;
}

export interface ImportBlock {
  readonly former: FormerBlock;
  /** As messages name it. */
  readonly notebook: string;
  readonly cells: readonly ImportCell[];
}

export interface ImportInput {
  /** As messages name it. */
  readonly file: string;
  readonly kind: 'project' | 'flow';
  readonly blocks: readonly ImportBlock[];
}

export interface ImportedBlock {
  readonly id: BlockId;
  /** What the original called it. */
  readonly formerId: string;
  /** Indexes of the cells that it keeps. */
  readonly cellIndexes: readonly number[];
  readonly parents: readonly ParentEdge[];
  readonly filter: Filter;
  readonly description: string;
}

export interface ImportProposal {
  /** In the order of the file; empty where `problems` says why. */
  readonly blocks: readonly ImportedBlock[];
  /** What can not be taken over as it is, or was decided for the user. */
  readonly warnings: readonly Problem[];
  readonly problems: readonly Problem[];
}
