/** What a picture asks of who shows it, and what it tells. */
import type { BlockView } from '../../protocol/resident/view.js';
import type { LinkVerdict, PanelEdge, PanelGraph } from './graph.js';

export interface DagViewWords {
  /** Name of the list of blocks. */
  readonly list: string;
  remark(block: BlockView): string;
  label(block: BlockView, graph: PanelGraph): string;
  edge(edge: PanelEdge): string;
}

/** What a person does. */
export interface DagViewEvents {
  /** @param ids in the order of selecting */
  onSelect(ids: readonly string[]): void;
  onOpen(id: string): void;
  /** @param id `null`: over no block */
  onPointAt(id: string | null): void;
  /** @param edge `null`: over no edge */
  onPointAtEdge(edge: PanelEdge | null, clientX: number, clientY: number): void;
  onSelectEdge(edge: PanelEdge | null): void;
  /** A click on a block that is meant for it alone. */
  onClick(id: string): void;
  onLinking(parent: string, child: string | null, verdict: LinkVerdict | null): void;
  onLink(parent: string, child: string, verdict: LinkVerdict): void;
  onLinkingLeft(): void;
  /** The view begins to move, or the ground was clicked: what hangs at a block is out of place. */
  onLeave(): void;
}
