/** Blocks: cards that can be read, or bare boxes where they are too small for that. */
import { select, type DragBehavior, type SubjectPosition, type Selection } from 'd3';
import { fitted, harmless, NAME_SIZE, REMARK_SIZE, TEXT_LEFT, TEXT_RIGHT } from '../../dagLayout/index.js';
import type { BlockView } from '../../protocol/resident/view.js';
import { glyphClass, glyphShape } from '../stateGlyph.js';
import type { Detail } from './detail.js';
import type { Layer } from './stage.js';

export interface DrawnNode {
  readonly block: BlockView;
  readonly detail: Detail;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Children stand to the right, so that is where edges leave. */
  readonly isToTheRight: boolean;
  readonly remark: string;
  readonly label: string;
  readonly isSelected: boolean;
  /** Keys act on it. */
  readonly isCurrent: boolean;
  /** It is looked for. */
  readonly isFound: boolean;
}

export type NodeSelection = Selection<SVGGElement, DrawnNode, SVGGElement, unknown>;

/** Makes a link come out of a port. */
type Linking = DragBehavior<SVGCircleElement, DrawnNode, DrawnNode | SubjectPosition>;

export interface NodeChanges {
  readonly entered: NodeSelection;
  readonly kept: NodeSelection;
}

/** Blocks that are in the document. Touches only what is another. */
export class NodeLayer {
  private readonly elements = new Map<string, SVGGElement>();
  private readonly shown = new WeakMap<SVGGElement, DrawnNode>();

  constructor(
    private readonly layer: Layer,
    private readonly linking: Linking,
  ) {}

  element(id: string): SVGGElement | undefined {
    return this.elements.get(id);
  }

  /** These and no others. Places of kept ones are left to the caller, who may animate them. */
  draw(nodes: readonly DrawnNode[]): NodeChanges {
    const joined = this.layer
      .selectAll<SVGGElement, DrawnNode>('g.dagpy-node')
      .data(nodes, ({ block }) => block.id);
    const kept = joined.filter(() => true);
    joined
      .exit<DrawnNode>()
      .each(({ block }) => this.elements.delete(block.id))
      .remove();
    const entered = joined
      .enter()
      .append('g')
      .attr('role', 'option')
      .attr('data-block', ({ block }) => block.id);
    entered.each((node, place, group) => this.elements.set(node.block.id, group[place]!));
    entered
      .merge(joined)
      .order()
      .each((node, place, group) => this.dress(group[place]!, node));
    return { entered, kept };
  }

  /** Some that are drawn already. */
  refresh(nodes: readonly DrawnNode[]): void {
    for (const node of nodes) {
      const element = this.elements.get(node.block.id);
      if (element === undefined) continue;
      select(element).datum(node);
      this.dress(element, node);
    }
  }

  private dress(element: SVGGElement, node: DrawnNode): void {
    dress(element, node, this.shown.get(element), this.linking);
    this.shown.set(element, node);
  }
}

/** Of the group of a block; `null`: what is in it stands where it belongs. */
export const placeOf = ({ x, y, detail }: DrawnNode): string | null =>
  detail === 'signs' ? null : `translate(${String(x)},${String(y)})`;

function dress(element: SVGGElement, node: DrawnNode, before: DrawnNode | undefined, linking: Linking): void {
  const set = (name: string, value: string, previous: string | undefined): void => {
    if (value !== previous) element.setAttribute(name, value);
  };
  const was = <Value>(of: (known: DrawnNode) => Value): Value | undefined =>
    before === undefined ? undefined : of(before);
  set('class', classOf(node), was(classOf));
  set(
    'data-state',
    node.block.state,
    was(({ block }) => block.state),
  );
  set(
    'aria-label',
    node.label,
    was(({ label }) => label),
  );
  set(
    'aria-selected',
    String(node.isSelected),
    was(({ isSelected }) => String(isSelected)),
  );
  set(
    'tabindex',
    node.isCurrent ? '0' : '-1',
    was(({ isCurrent }) => (isCurrent ? '0' : '-1')),
  );
  const isSameContent =
    before !== undefined &&
    before.detail === node.detail &&
    before.width === node.width &&
    before.isToTheRight === node.isToTheRight &&
    (node.detail === 'signs' ? before.x === node.x && before.y === node.y : true) &&
    before.block.state === node.block.state &&
    before.remark === node.remark &&
    progressOf(before.block) === progressOf(node.block);
  if (isSameContent) return;
  const isSameShape =
    before !== undefined &&
    before.detail === 'cards' &&
    node.detail === 'cards' &&
    before.width === node.width &&
    before.isToTheRight === node.isToTheRight;
  if (isSameShape) redrawCard(element, node, before);
  else {
    element.replaceChildren();
    if (node.detail === 'cards') drawCard(element, node, linking);
    else drawSign(element, node);
  }
}

const classOf = ({ block, isSelected, isCurrent, isFound, detail }: DrawnNode): string =>
  [
    'dagpy-node',
    `is-${block.state}`,
    detail === 'signs' ? 'is-sign' : '',
    isSelected ? 'is-selected' : '',
    isCurrent ? 'is-current' : '',
    isFound ? 'is-found' : '',
  ]
    .filter(name => name !== '')
    .join(' ');

const roomFor = ({ width }: DrawnNode): number => width - TEXT_LEFT - TEXT_RIGHT;

function drawCard(element: SVGGElement, node: DrawnNode, linking: Linking): void {
  const { block, width, height, isToTheRight } = node;
  const group = select<SVGGElement, DrawnNode>(element);
  group
    .append('rect')
    .attr('class', 'dagpy-node-ring')
    .attr('x', -4)
    .attr('y', -4)
    .attr('width', width + 8)
    .attr('height', height + 8)
    .attr('rx', 9);
  group
    .append('rect')
    .attr('class', 'dagpy-node-box')
    .attr('width', width)
    .attr('height', height)
    .attr('rx', 6);
  group
    .append('g')
    .attr('class', glyphClass(block.state))
    .attr('transform', `translate(18,${String(height / 2)})`)
    .html(glyphShape(block.state));
  group
    .append('text')
    .attr('class', 'dagpy-node-name')
    .attr('x', TEXT_LEFT)
    .attr('y', 20)
    .text(fitted(harmless(block.id), roomFor(node), NAME_SIZE, true));
  group
    .append('text')
    .attr('class', 'dagpy-node-remark')
    .attr('x', TEXT_LEFT)
    .attr('y', 36)
    .text(fitted(harmless(node.remark), roomFor(node), REMARK_SIZE));
  group
    .append('circle')
    .attr('class', 'dagpy-node-port')
    .attr('cx', isToTheRight ? width : width / 2)
    .attr('cy', isToTheRight ? height / 2 : height)
    .attr('r', 6)
    .call(linking);
  drawProgress(group, node);
}

function redrawCard(element: SVGGElement, node: DrawnNode, before: DrawnNode): void {
  const group = select(element);
  if (before.block.state !== node.block.state)
    group
      .select('.dagpy-glyph')
      .attr('class', glyphClass(node.block.state))
      .html(glyphShape(node.block.state));
  if (before.remark !== node.remark)
    group.select('.dagpy-node-remark').text(fitted(harmless(node.remark), roomFor(node), REMARK_SIZE));
  if (progressOf(before.block) !== progressOf(node.block)) drawProgress(group, node);
}

const PROGRESS_HEIGHT = 3;

/** Part of its cells that are done; `null`: it does not run. */
function progressOf({ progress }: BlockView): number | null {
  if (progress === null) return null;
  return progress.cells === 0 ? 0 : Math.min(1, progress.done / progress.cells);
}

function drawProgress<Datum>(
  group: Selection<SVGGElement, Datum, null, undefined>,
  { block, width, height }: DrawnNode,
): void {
  const done = progressOf(block);
  group
    .selectAll('rect.dagpy-node-progress')
    .data(done === null ? [] : [done])
    .join('rect')
    .attr('class', 'dagpy-node-progress')
    .attr('x', 4)
    .attr('y', height - PROGRESS_HEIGHT - 1)
    .attr('rx', 1.5)
    .attr('height', PROGRESS_HEIGHT)
    .attr('width', part => Math.max(PROGRESS_HEIGHT, (width - 8) * part));
}

/**
 * A box to point at and to put the focus on, over the one that is painted. It stands where it belongs without a
 * transformation: a browser keeps account of each of those in every frame.
 */
function drawSign(element: SVGGElement, { x, y, width, height }: DrawnNode): void {
  select(element)
    .append('rect')
    .attr('class', 'dagpy-node-box')
    .attr('x', x)
    .attr('y', y)
    .attr('width', width)
    .attr('height', height);
}
