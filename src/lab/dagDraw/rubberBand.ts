/** With shift, dragging over the ground draws a rectangle that selects the blocks in it. */
import { drag, select, type D3DragEvent } from 'd3';
import type { Box } from './scene.js';
import type { Stage } from './stage.js';
import type { ToWorld } from './zooming.js';

/** Pixels that a hand may shake without meaning a rectangle. */
const LEAST = 4;

/** @param onSelect called with the rectangle in the world */
export function addRubberBand(stage: Stage, toWorld: ToWorld, onSelect: (box: Box) => void): void {
  let start: readonly [number, number] | null = null;
  let box: Box | null = null;
  select<HTMLDivElement, unknown>(stage.viewport).call(
    drag<HTMLDivElement, unknown>()
      .filter((event: MouseEvent) => event.shiftKey && event.button === 0 && isGround(event.target))
      .on('start', (event: D3DragEvent<HTMLDivElement, unknown, unknown>) => {
        if (!(event.sourceEvent instanceof MouseEvent)) return;
        start = toWorld(event.sourceEvent);
        stage.draft.append('rect').attr('class', 'dagpy-dag-band');
      })
      .on('drag', (event: D3DragEvent<HTMLDivElement, unknown, unknown>) => {
        if (start === null || !(event.sourceEvent instanceof MouseEvent)) return;
        const [x, y] = toWorld(event.sourceEvent);
        box = {
          left: Math.min(x, start[0]),
          top: Math.min(y, start[1]),
          right: Math.max(x, start[0]),
          bottom: Math.max(y, start[1]),
        };
        stage.draft
          .select('.dagpy-dag-band')
          .attr('x', box.left)
          .attr('y', box.top)
          .attr('width', box.right - box.left)
          .attr('height', box.bottom - box.top);
      })
      .on('end', () => {
        stage.draft.select('.dagpy-dag-band').remove();
        if (box !== null && Math.max(box.right - box.left, box.bottom - box.top) >= LEAST) onSelect(box);
        start = null;
        box = null;
      }),
  );
}

const isGround = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('.dagpy-node') === null;
