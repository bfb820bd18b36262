/**
 * The shapes of states on blocks too small for cards: all of one state are one path, with the shape as a marker at each
 * block. What is fresh needs nobody and has none.
 */
import type { BlockState } from '../../protocol/states.js';
import { glyphClass, glyphShape } from '../stateGlyph.js';
import type { DrawnNode } from './nodes.js';
import type { Stage } from './stage.js';

/** Units of a picture, of a shape that is 14 of its own. */
const SIZE = 40;

export function drawSigns({ signs, idOf }: Stage, nodes: readonly DrawnNode[]): void {
  const centres = new Map<BlockState, string[]>();
  for (const { block, x, y, width, height } of nodes) {
    if (block.state === 'fresh') continue;
    const centre = `${(x + width / 2).toFixed(1)} ${(y + height / 2).toFixed(1)}`;
    const known = centres.get(block.state);
    if (known === undefined) centres.set(block.state, [centre]);
    else known.push(centre);
  }
  const states = [...centres];
  const markers = signs
    .selectAll<SVGMarkerElement, [BlockState, string[]]>('marker')
    .data(states, ([state]) => state)
    .join('marker')
    .attr('id', ([state]) => idOf(`sign-${state}`))
    .attr('viewBox', '-8 -8 16 16')
    .attr('markerWidth', SIZE)
    .attr('markerHeight', SIZE)
    .attr('markerUnits', 'userSpaceOnUse');
  markers
    .filter(function () {
      return this.childElementCount === 0;
    })
    .append('g')
    .attr('class', ([state]) => glyphClass(state))
    .html(([state]) => glyphShape(state));
  signs
    .selectAll<SVGPathElement, [BlockState, string[]]>('path.dagpy-signs')
    .data(states, ([state]) => state)
    .join('path')
    .attr('class', 'dagpy-signs')
    .each(function ([state, all]) {
      const marker = `url(#${idOf(`sign-${state}`)})`;
      for (const name of ['marker-start', 'marker-mid', 'marker-end']) this.setAttribute(name, marker);
      // Drawn twice at the end of a path of one point only, which looks the same.
      const way = `M${all.join('L')}`;
      if (this.getAttribute('d') !== way) this.setAttribute('d', way);
    });
}
