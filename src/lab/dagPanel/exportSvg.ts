/** The picture as a file that stands alone: the same drawing as that of `dagpy graph`. */
import { drawSvg, placed, type Direction } from '../../dagLayout/index.js';
import type { ProjectView } from '../../protocol/resident/view.js';
import { panelGraph } from '../dagDraw/graph.js';

export function svgOf(view: Pick<ProjectView, 'name' | 'blocks' | 'edges'>, direction: Direction): string {
  const graph = panelGraph(
    view.blocks.map(({ id }) => id),
    view.edges,
  );
  const blockOf = new Map(view.blocks.map(block => [block.id, block]));
  const nodes = graph.ids.map(id => {
    const { state, reasons, isPrelude, seconds, bytes } = blockOf.get(id)!;
    return { id, state, reasons, prelude: isPrelude, seconds, bytes };
  });
  return drawSvg(placed({ project: view.name, size: graph.size, nodes, edges: graph.edges }, direction)).svg;
}

export function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
