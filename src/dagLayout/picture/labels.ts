/** Where the names beside edges go: on the edge's last stretch, where it is alone, and never over anything else. */
import type { Direction, Point } from '../types.js';
import { pointOnLastStretch } from './paths.js';
import type { PlacedGraph } from './placed.js';
import { fitted, widthOf } from './words.js';

export interface Label {
  readonly edge: number;
  /** Middle of the text. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly text: string;
}

const WIDEST = 96;
const CELL = 64;
/** Parts of the stretch that are tried, best first. */
const TRIED = [0.55, 0.4, 0.7, 0.28, 0.8];

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A label that finds no place is left out: the tooltip has it. @param texts one for each edge */
export function placeLabels(
  { layout, nodeWidth, nodeHeight }: Pick<PlacedGraph, 'layout' | 'nodeWidth' | 'nodeHeight'>,
  texts: readonly string[],
  fontSize: number,
): readonly Label[] {
  const taken = new Occupied();
  layout.x.forEach((x, node) => {
    const top = layout.y[node]!;
    taken.add({ left: x, right: x + nodeWidth, top, bottom: top + nodeHeight });
  });
  const labels: Label[] = [];
  layout.routes.forEach((route, edge) => {
    if (texts[edge] === '' || route.direct) return;
    const text = fitted(texts[edge]!, WIDEST, fontSize);
    const half = widthOf(text, fontSize) / 2 + 3;
    for (const part of TRIED) {
      const { x, y } = pointOnLastStretch(route, layout.direction, part);
      const box = {
        left: x - half,
        right: x + half,
        top: y - fontSize / 2 - 2,
        bottom: y + fontSize / 2 + 2,
      };
      if (isAtArrow(box, route.end, layout.direction) || taken.overlaps(box)) continue;
      taken.add(box);
      labels.push({ edge, x, y, width: 2 * half, text });
      return;
    }
  });
  return labels;
}

/** An arrow's head has to stay in view. */
const isAtArrow = (box: Box, end: Point, direction: Direction): boolean =>
  direction === 'down' ? box.bottom > end.y - 8 : box.right > end.x - 8;

/** Boxes by the cells of a coarse grid that they touch. */
class Occupied {
  readonly #cells = new Map<string, Box[]>();

  add(box: Box): void {
    for (const cell of cellsOf(box)) {
      const known = this.#cells.get(cell);
      if (known === undefined) this.#cells.set(cell, [box]);
      else known.push(box);
    }
  }

  overlaps(box: Box): boolean {
    for (const cell of cellsOf(box)) {
      for (const other of this.#cells.get(cell) ?? []) {
        if (
          box.left < other.right &&
          other.left < box.right &&
          box.top < other.bottom &&
          other.top < box.bottom
        )
          return true;
      }
    }
    return false;
  }
}

function* cellsOf({ left, right, top, bottom }: Box): Generator<string> {
  for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x += 1)
    for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y += 1)
      yield `${String(x)} ${String(y)}`;
}
