/** The signs of states as paths for a canvas: the same shapes that style sheets dress in SVG. */
import type { BlockState } from '../../protocol/states.js';
import { glyphShape } from '../stateGlyph.js';

export interface Shape {
  readonly path: Path2D;
  /** `cut`: of the ground's colour. */
  readonly ink: 'filled' | 'line' | 'cut';
  readonly isFaint: boolean;
  readonly dash: readonly number[];
}

const known = new Map<BlockState, readonly Shape[]>();

/** Around the origin, 14 units wide. */
export function shapesOf(state: BlockState): readonly Shape[] {
  const before = known.get(state);
  if (before !== undefined) return before;
  const holder = document.createElementNS('http://www.w3.org/2000/svg', 'g');
  holder.innerHTML = glyphShape(state);
  const shapes = [...holder.children].map((element): Shape => {
    const names = element.classList;
    return {
      path: pathOf(element),
      ink: names.contains('ink') ? 'filled' : names.contains('cut') ? 'cut' : 'line',
      isFaint: names.contains('faint'),
      dash: (element.getAttribute('stroke-dasharray') ?? '').split(' ').filter(Boolean).map(Number),
    };
  });
  known.set(state, shapes);
  return shapes;
}

function pathOf(element: Element): Path2D {
  const number = (name: string): number => Number(element.getAttribute(name) ?? 0);
  if (element.tagName === 'path') return new Path2D(element.getAttribute('d') ?? '');
  const path = new Path2D();
  if (element.tagName === 'circle') path.arc(number('cx'), number('cy'), number('r'), 0, 2 * Math.PI);
  else path.roundRect(number('x'), number('y'), number('width'), number('height'), number('rx'));
  return path;
}
