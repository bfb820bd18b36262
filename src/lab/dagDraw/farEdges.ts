/**
 * All edges of a large picture on a canvas, as a ground behind the blocks: thousands of curves cost one drawing at rest,
 * and none while the view moves, when the canvas moves with it.
 */
import type { Viewport } from './detail.js';
import type { DrawnEdge } from './edges.js';
import type { Box } from './scene.js';

type FarEdge = Pick<DrawnEdge, 'edge' | 'way' | 'isLit'>;

/** Of the width and height of the view, on each side: what comes into view before the next drawing. */
const MARGIN = 0.3;
const LINE = 0.7;
const PLAIN_OPACITY = 0.5;
const LIT_LINE = 1.3;

export class FarEdges {
  readonly element = document.createElement('canvas');
  private drawn: Viewport | null = null;
  private readonly paths = new Map<string, Path2D>();

  constructor() {
    this.element.className = 'dagpy-dag-far-edges';
    this.element.setAttribute('aria-hidden', 'true');
  }

  /** Part of the world that was drawn last. */
  get area(): Box | null {
    if (this.drawn === null) return null;
    const { dx, dy, scale, width, height } = this.drawn;
    const [x, y] = [width * MARGIN, height * MARGIN];
    return {
      left: (-x - dx) / scale,
      top: (-y - dy) / scale,
      right: (width + x - dx) / scale,
      bottom: (height + y - dy) / scale,
    };
  }

  draw(edges: readonly FarEdge[], viewport: Viewport): void {
    this.drawn = viewport;
    const { element } = this;
    const density = Math.min(2, devicePixelRatio);
    const width = viewport.width * (1 + 2 * MARGIN);
    const height = viewport.height * (1 + 2 * MARGIN);
    element.hidden = false;
    element.width = Math.round(width * density);
    element.height = Math.round(height * density);
    element.style.width = `${String(width)}px`;
    element.style.height = `${String(height)}px`;
    this.follow(viewport);
    const context = element.getContext('2d');
    if (context === null) return;
    const style = getComputedStyle(element);
    const { dx, dy, scale } = viewport;
    context.setTransform(
      scale * density,
      0,
      0,
      scale * density,
      (dx + viewport.width * MARGIN) * density,
      (dy + viewport.height * MARGIN) * density,
    );
    for (const isLit of [false, true]) {
      context.strokeStyle = style.getPropertyValue(isLit ? '--dagpy-stale' : '--dagpy-dag-edge').trim();
      // Many lie over each other: together they are as dark as a few.
      context.globalAlpha = isLit ? 1 : PLAIN_OPACITY;
      context.lineWidth = (isLit ? LIT_LINE : LINE) / scale;
      for (const each of edges) {
        if (each.isLit !== isLit) continue;
        context.setLineDash(each.edge.kind === 'order' ? [4 / scale, 3 / scale] : []);
        context.stroke(this.pathOf(each));
      }
    }
  }

  /** Goes along with the view. */
  follow({ dx, dy, scale }: Viewport): void {
    if (this.drawn === null) return;
    const { drawn } = this;
    const factor = scale / drawn.scale;
    const x = dx - (drawn.dx + drawn.width * MARGIN) * factor;
    const y = dy - (drawn.dy + drawn.height * MARGIN) * factor;
    this.element.style.transform = `translate(${String(x)}px, ${String(y)}px) scale(${String(factor)})`;
  }

  clear(): void {
    if (this.drawn === null) return;
    this.drawn = null;
    this.element.hidden = true;
    this.element.width = 0;
    this.element.height = 0;
    this.paths.clear();
  }

  private pathOf({ edge, way }: FarEdge): Path2D {
    const key = `${edge.key} ${way}`;
    const known = this.paths.get(key);
    if (known !== undefined) return known;
    const path = new Path2D(way);
    this.paths.set(key, path);
    return path;
  }
}
