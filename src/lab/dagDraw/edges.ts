/** Edges that can be pointed at, an element each, and the names that cross them. */
import type { Selection } from 'd3';
import { LABEL_SIZE, type Label } from '../../dagLayout/index.js';
import { change } from './change.js';
import type { PanelEdge } from './graph.js';
import type { Stage } from './stage.js';

export interface DrawnEdge {
  readonly edge: PanelEdge;
  readonly way: string;
  readonly from: string;
  readonly to: string;
  readonly isLit: boolean;
  readonly isSelected: boolean;
  /** Of a block that is selected or pointed at. */
  readonly isNear: boolean;
  /** So long that it runs behind other blocks. */
  readonly isDirect: boolean;
}

export type EdgeSelection = Selection<SVGGElement, DrawnEdge, SVGGElement, unknown>;

const shown = new WeakMap<SVGGElement, DrawnEdge>();

/** @returns those that are new, to be faded in, and those whose way is another */
export function drawEdges(
  stage: Stage,
  edges: readonly DrawnEdge[],
): { readonly entered: EdgeSelection; readonly moved: EdgeSelection } {
  // What a change takes lies above the rest.
  const ordered = [...edges].sort((a, b) => rank(a) - rank(b));
  const joined = stage.edges
    .selectAll<SVGGElement, DrawnEdge>('g.dagpy-edge')
    .data(ordered, ({ edge }) => edge.key);
  joined.exit().remove();
  const moved = joined.filter(function ({ way }) {
    return shown.get(this)?.way !== way;
  });
  const entered = joined
    .enter()
    .append('g')
    .attr('data-from', ({ from }) => from)
    .attr('data-to', ({ to }) => to);
  entered.append('path').attr('class', 'dagpy-edge-target');
  entered.append('path').attr('class', 'dagpy-edge-way');
  entered
    .filter(({ edge }) => edge.session)
    .append('path')
    .attr('class', 'dagpy-edge-core');
  entered.merge(joined).each(function (drawn) {
    const before = shown.get(this);
    shown.set(this, drawn);
    const name = classOf(drawn);
    if (before === undefined || classOf(before) !== name) {
      this.setAttribute('class', name);
      this.querySelector('.dagpy-edge-way')?.setAttribute('marker-end', stage.markerOf(arrowOf(drawn)));
    }
    if (before?.way !== drawn.way)
      for (const path of this.querySelectorAll('path')) path.setAttribute('d', drawn.way);
  });
  entered.merge(joined).order();
  return { entered, moved };
}

const rank = ({ isLit, isNear, isSelected }: DrawnEdge): number =>
  isSelected ? 3 : isNear ? 2 : isLit ? 1 : 0;

const arrowOf = ({ isLit, isNear, isSelected }: DrawnEdge) =>
  isSelected || (isNear && !isLit) ? 'chosen' : isLit ? 'lit' : 'plain';

const classOf = ({ edge, isLit, isSelected, isNear, isDirect }: DrawnEdge): string =>
  [
    'dagpy-edge',
    edge.kind === 'order' ? 'is-order' : '',
    edge.session ? 'is-session' : '',
    isLit ? 'is-lit' : '',
    isSelected ? 'is-selected' : '',
    isNear ? 'is-near' : '',
    isDirect ? 'is-direct' : '',
  ]
    .filter(name => name !== '')
    .join(' ');

export interface DrawnLabel extends Label, Pick<DrawnEdge, 'from' | 'to'> {
  readonly key: string;
  /** Shown however small the picture is. */
  readonly isShown: boolean;
}

export function drawLabels({ labels }: Stage, drawn: readonly DrawnLabel[]): void {
  const height = LABEL_SIZE + 3;
  labels
    .selectAll<SVGGElement, DrawnLabel>('g')
    .data(drawn, ({ key, text }) => `${key} ${text}`)
    .join(enter => {
      const label = enter
        .append('g')
        .attr('data-from', ({ from }) => from)
        .attr('data-to', ({ to }) => to);
      label
        .append('rect')
        .attr('class', 'dagpy-label-behind')
        .attr('x', ({ width }) => -width / 2)
        .attr('y', -height / 2)
        .attr('width', ({ width }) => width)
        .attr('height', height)
        .attr('rx', 3);
      label
        .append('text')
        .attr('y', LABEL_SIZE * 0.35)
        .text(({ text }) => text);
      return label;
    })
    .each(function ({ isShown, x, y }) {
      change(this, 'class', isShown ? 'dagpy-label is-shown' : 'dagpy-label');
      change(this, 'transform', `translate(${x.toFixed(1)},${y.toFixed(1)})`);
    });
}
