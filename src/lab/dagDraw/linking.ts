/** Drags a link from a block's port to another block; says what it would be before it is dropped. */
import { drag, linkHorizontal, linkVertical, type D3DragEvent } from 'd3';
import type { Direction } from '../../dagLayout/index.js';
import type { LinkVerdict } from './graph.js';
import type { DrawnNode } from './nodes.js';
import type { Stage } from './stage.js';
import type { ToWorld } from './zooming.js';

export interface LinkingOptions {
  readonly stage: Stage;
  readonly toWorld: ToWorld;
  direction(): Direction;
  /** Where a link from the block begins. */
  portOf(block: string): readonly [x: number, y: number] | null;
  verdict(parent: string, child: string): LinkVerdict;
  /** @param child `null`: over no block */
  onHover(parent: string, child: string | null, verdict: LinkVerdict | null): void;
  onDrop(parent: string, child: string, verdict: LinkVerdict): void;
  onCancel(): void;
}

type PortDrag = D3DragEvent<SVGCircleElement, DrawnNode, unknown>;

export function makeLinking(options: LinkingOptions) {
  const { stage } = options;
  let parent: string | null = null;
  let child: string | null = null;
  let verdict: LinkVerdict | null = null;
  let target: Element | null = null;

  const mark = (element: Element | null, next: LinkVerdict | null): void => {
    target?.classList.remove('is-target', 'is-refused');
    target = next === null || next.kind === 'self' ? null : element;
    target?.classList.add(next?.kind === 'possible' ? 'is-target' : 'is-refused');
  };
  const finish = (): void => {
    mark(null, null);
    stage.draft.selectAll('*').remove();
    stage.viewport.classList.remove('is-linking');
    removeEventListener('keydown', cancelOnEscape, true);
    parent = null;
    child = null;
    verdict = null;
  };
  const cancelOnEscape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    finish();
    options.onCancel();
  };

  return drag<SVGCircleElement, DrawnNode>()
    .on('start', (_: PortDrag, { block }) => {
      parent = block.id;
      stage.viewport.classList.add('is-linking');
      stage.draft.append('path').attr('class', 'dagpy-dag-link');
      // The blocks may have changed under the pointer: a drag that is given up leaves nothing behind.
      addEventListener('keydown', cancelOnEscape, true);
    })
    .on('drag', (event: PortDrag) => {
      if (parent === null) return;
      const source: unknown = event.sourceEvent;
      const start = options.portOf(parent);
      if (start === null || !(source instanceof MouseEvent || isTouch(source))) return;
      const place = source instanceof MouseEvent ? source : source.changedTouches[0];
      if (place === undefined) return;
      const shape = options.direction() === 'down' ? linkVertical() : linkHorizontal();
      const [x, y] = options.toWorld(place);
      const way = shape({ source: [start[0], start[1]], target: [x, y] });
      const element = document.elementFromPoint(place.clientX, place.clientY)?.closest('.dagpy-node') ?? null;
      const over =
        element !== null && stage.svg.contains(element) ? element.getAttribute('data-block') : null;
      if (over !== child) {
        child = over;
        verdict = over === null ? null : options.verdict(parent, over);
        mark(element, verdict);
        options.onHover(parent, child, verdict);
      }
      const isRefused = verdict !== null && (verdict.kind === 'cycle' || verdict.kind === 'linked');
      stage.draft
        .select('path')
        .attr('d', way)
        .attr('class', isRefused ? 'dagpy-dag-link is-refused' : 'dagpy-dag-link');
    })
    .on('end', () => {
      const [from, to, found] = [parent, child, verdict];
      if (from === null) return;
      finish();
      if (to === null || found === null || found.kind === 'self') options.onCancel();
      else options.onDrop(from, to, found);
    });
}

const isTouch = (event: unknown): event is TouchEvent =>
  typeof TouchEvent !== 'undefined' && event instanceof TouchEvent;
