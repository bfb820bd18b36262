/** What a flow and its blocks look like while they are brought together. */
import type { BlockWords, HeaderEdit, HeaderMerge } from '../../engine/flow/headerMerge.js';
import type { Merge } from '../../engine/flow/merge.js';
import type { FlowSection } from '../../protocol/flow/sections.js';
import type { BlockDeclaration } from '../../protocol/dagFile.js';
import type { RecordedBlock } from '../../protocol/flow/record.js';
import type { Notebook } from '../notebooks/index.js';
import type { DiskCell, Texts } from './blockTexts.js';
import type { Digest } from './compose.js';
import type { Flow } from './readFlow.js';

/** A block of the project as it is now. */
export interface ProjectBlock {
  readonly uid: string;
  readonly declaration: BlockDeclaration;
  readonly notebook: Notebook;
}

/** A block that only the flow has. */
export interface NewFlowBlock {
  readonly name: string;
  readonly uid: string;
  /** As its header says; absent: it says nothing. */
  readonly parents?: readonly string[];
  readonly filter?: readonly string[];
  /** Block of the flow that stands above it; absent: none. */
  readonly after?: string;
  readonly text: string;
}

export interface Submission {
  /** Blocks whose notebooks change. */
  readonly changed: readonly { readonly uid: string; readonly text: string }[];
  readonly added: readonly NewFlowBlock[];
  readonly headers: readonly HeaderEdit[];
  /** Names of blocks that are not in the flow any more, and stay as they are. */
  readonly left: readonly string[];
  readonly merge: Merge;
  /** The flow as it stands after blocks and dag.json were written. @param names what blocks are called then, by uid */
  flowAfter(described: (uid: string) => BlockWords): string;
  /** The flow with what the blocks have by now, where nothing is written into them: its own edits are still to come. */
  broughtIn(): string;
}

export interface Conflict {
  /** Of the block. */
  readonly name: string;
  /** Of the cell in the flow that shows both versions. */
  readonly place: number;
  readonly about: 'cell' | 'name' | 'filter';
}

/** Both versions of what both sides changed, in the flow. */
export interface Disagreement {
  readonly conflicts: readonly Conflict[];
  readonly flowText: string;
}

export interface SubmitOptions {
  readonly digest: Digest;
  /** A new identity for a block. */
  newUid(name: string): string;
  /**
   * The flow is open in an editor that shows runs as they happen: cells of blocks that the project does not have any more
   * stay as they are, and where both sides ran a cell, the block's outputs are the newer ones.
   */
  readonly isOpen?: boolean;
  /** Digests of what edited cells were when the flow was saved: one that is what its block has by now is no conflict. */
  readonly saved?: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface State {
  readonly flow: Flow;
  readonly known: ReadonlyMap<string, ProjectBlock>;
  /** Those with a section in the flow. */
  readonly recorded: readonly RecordedBlock[];
  /** Blocks with a section in the flow that the project does not have any more. */
  readonly gone: ReadonlySet<string>;
  readonly disk: ReadonlyMap<string, readonly DiskCell[]>;
  readonly merge: Merge;
  /** By uid. */
  readonly headers: ReadonlyMap<string, HeaderMerge>;
  readonly digest: Digest;
  readonly isOpen: boolean;
  readonly texts: Texts;
}

/** New blocks have no identity yet; their names can not be taken for one. */
export const keyOf = ({ uid, name }: FlowSection): string => uid ?? `new ${name}`;

export const isDisputedHeader = ({ disputed }: HeaderMerge): boolean => disputed.length > 0;

/** Notebooks that cells may come from, the flow first: what ran there is newer. */
export const donorsOf = ({ flow, recorded, known }: State): readonly Notebook[] => [
  flow.notebook,
  ...recorded.map(({ uid }) => known.get(uid)!.notebook),
];
