/** How the picture is moved and scaled: all of it, a block in the middle, no further than what is drawn. */
import type { Viewport } from './detail.js';
import type { Box, Picture } from './scene.js';

export interface Place {
  readonly dx: number;
  readonly dy: number;
  readonly scale: number;
}

export const isSamePlace = (one: Place, other: Place): boolean =>
  one.dx === other.dx && one.dy === other.dy && one.scale === other.scale;

export const LEAST_SCALE = 0.02;
export const MOST_SCALE = 2.5;
/** A few blocks are not blown up. */
const MOST_FITTED_SCALE = 1;
const PADDING = 24;

type Size = Pick<Viewport, 'width' | 'height'>;

/** All of `box` in the middle. */
export function fitting({ left, top, right, bottom }: Box, { width, height }: Size): Place {
  const scale = Math.max(
    LEAST_SCALE,
    Math.min(
      MOST_FITTED_SCALE,
      (width - 2 * PADDING) / Math.max(1, right - left),
      (height - 2 * PADDING) / Math.max(1, bottom - top),
    ),
  );
  return {
    scale,
    dx: (width - scale * (left + right)) / 2,
    dy: (height - scale * (top + bottom)) / 2,
  };
}

export const wholeOf = ({ layout }: Picture): Box => ({
  left: 0,
  top: 0,
  right: layout.width,
  bottom: layout.height,
});

/** The box around some blocks; `null`: there are none. */
export function boxAround({ layout, nodeWidth, nodeHeight }: Picture, nodes: readonly number[]): Box | null {
  if (nodes.length === 0) return null;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const node of nodes) {
    left = Math.min(left, layout.x[node]!);
    top = Math.min(top, layout.y[node]!);
    right = Math.max(right, layout.x[node]! + nodeWidth);
    bottom = Math.max(bottom, layout.y[node]! + nodeHeight);
  }
  return { left, top, right, bottom };
}

/** Moved as little as needed for `box` to be in view; `null`: it is. */
export function revealing(box: Box, { dx, dy, scale, width, height }: Viewport): Place | null {
  const shift = (from: number, to: number, room: number): number => {
    const low = PADDING - from;
    const high = room - PADDING - to;
    if (low > high) return (low + high) / 2;
    return low > 0 ? low : high < 0 ? high : 0;
  };
  const x = shift(box.left * scale + dx, box.right * scale + dx, width);
  const y = shift(box.top * scale + dy, box.bottom * scale + dy, height);
  return x === 0 && y === 0 ? null : { scale, dx: dx + x, dy: dy + y };
}

/** Where links from a block begin. */
export function portOf(
  { layout, nodeWidth, nodeHeight }: Picture,
  node: number,
): readonly [x: number, y: number] {
  const [x, y] = [layout.x[node]!, layout.y[node]!];
  return layout.direction === 'down'
    ? [x + nodeWidth / 2, y + nodeHeight]
    : [x + nodeWidth, y + nodeHeight / 2];
}
