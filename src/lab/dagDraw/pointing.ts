/** What the pointer does on the picture, apart from what it drags. */
import type { PanelEdge } from './graph.js';
import type { Stage } from './stage.js';

export interface Pointing {
  edgeBetween(from: string, to: string): PanelEdge | null;
  /** @param isAdding to what is selected already */
  onClick(id: string, isAdding: boolean): void;
  onClickGround(isAdding: boolean): void;
  onClickEdge(edge: PanelEdge): void;
  onOpen(id: string): void;
  onMenu(id: string): void;
  onPoint(id: string | null, edge: PanelEdge | null, clientX: number, clientY: number): void;
  onFocus(id: string): void;
  /** Something begins that moves the picture away. */
  onLeave(): void;
}

export function listenTo({ viewport, svg }: Stage, pointing: Pointing): void {
  // The names of what crosses an edge stand for it.
  const edgeAt = (target: EventTarget | null): PanelEdge | null => {
    const element = target instanceof Element ? target.closest('.dagpy-edge, .dagpy-label') : null;
    const [from, to] = [element?.getAttribute('data-from'), element?.getAttribute('data-to')];
    return typeof from === 'string' && typeof to === 'string' ? pointing.edgeBetween(from, to) : null;
  };
  viewport.addEventListener('click', event => {
    const isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
    const id = blockAt(event.target);
    if (id !== null) {
      pointing.onClick(id, isAdding);
      return;
    }
    const edge = edgeAt(event.target);
    if (edge === null) pointing.onClickGround(isAdding);
    else pointing.onClickEdge(edge);
  });
  viewport.addEventListener('dblclick', event => {
    const id = blockAt(event.target);
    if (id !== null) pointing.onOpen(id);
  });
  viewport.addEventListener('contextmenu', event => {
    const id = blockAt(event.target);
    if (id !== null) pointing.onMenu(id);
    const edge = edgeAt(event.target);
    if (edge !== null) pointing.onClickEdge(edge);
  });
  viewport.addEventListener('pointerover', event => {
    if (viewport.classList.contains('is-linking')) return;
    pointing.onPoint(blockAt(event.target), edgeAt(event.target), event.clientX, event.clientY);
  });
  viewport.addEventListener('pointerleave', () => pointing.onPoint(null, null, 0, 0));
  for (const type of ['pointerdown', 'wheel'] as const)
    viewport.addEventListener(type, () => pointing.onLeave(), { passive: true });
  svg.addEventListener('focusin', event => {
    const id = blockAt(event.target);
    if (id !== null) pointing.onFocus(id);
  });
}

const blockAt = (target: EventTarget | null): string | null =>
  target instanceof Element ? (target.closest('.dagpy-node')?.getAttribute('data-block') ?? null) : null;
