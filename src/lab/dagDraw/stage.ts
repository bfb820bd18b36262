/** The elements that everything else is drawn into. */
import { create, type Selection } from 'd3';

/** A group that is always there. */
export type Layer = Selection<SVGGElement, undefined, null, undefined>;

export interface Stage {
  /** Listens; what is drawn moves below it. */
  readonly viewport: HTMLDivElement;
  /** Moves as a whole, and is scaled for as long as it moves, which costs no drawing. */
  readonly world: HTMLDivElement;
  /** Over everything while the view moves. */
  readonly shield: HTMLDivElement;
  readonly svg: SVGSVGElement;
  /** Scale at which everything was drawn last: browsers keep what moves as a picture of that size. */
  readonly scaled: Layer;
  readonly edges: Layer;
  readonly labels: Layer;
  readonly nodes: Layer;
  /** What is drawn while something is dragged. */
  readonly draft: Layer;
  markerOf(kind: ArrowKind): string;
}

export type ArrowKind = 'plain' | 'lit' | 'chosen';

let stages = 0;

/** @param name of the list of blocks, for screen readers */
export function makeStage(name: string): Stage {
  const number = (stages += 1);
  // Ids of one document: a marker in a picture that is hidden could not be used by another.
  const idOf = (name: string): string => `dagpy-${name}-${String(number)}`;
  const viewport = create('div').attr('class', 'dagpy-dag-viewport');
  const world = viewport.append('div').attr('class', 'dagpy-dag-world');
  const svg = world
    .append('svg')
    .attr('class', 'dagpy-dag-picture')
    .attr('width', 1)
    .attr('height', 1)
    .attr('focusable', 'false');
  const shield = viewport.append('div').attr('class', 'dagpy-dag-shield');
  const definitions = svg.append('defs');
  for (const kind of ['plain', 'lit', 'chosen'] as const)
    definitions
      .append('marker')
      .attr('id', idOf(`arrow-${kind}`))
      .attr('class', `dagpy-arrow is-${kind}`)
      .attr('viewBox', '0 0 8 8')
      .attr('refX', 7)
      .attr('refY', 4)
      .attr('markerWidth', 8)
      .attr('markerHeight', 8)
      .attr('markerUnits', 'userSpaceOnUse')
      .attr('orient', 'auto')
      .append('path')
      .attr('d', 'M0 .8 8 4 0 7.2z');
  const scaled = svg.append('g');
  const layer = (name: string): Layer => scaled.append('g').attr('class', name);
  const edges = layer('dagpy-dag-edges').attr('aria-hidden', 'true');
  const labels = layer('dagpy-dag-labels').attr('aria-hidden', 'true');
  const nodes = layer('dagpy-dag-nodes')
    .attr('role', 'listbox')
    .attr('aria-multiselectable', 'true')
    .attr('aria-label', name);
  const draft = layer('dagpy-dag-draft').attr('aria-hidden', 'true');
  return {
    viewport: nodeOf(viewport),
    world: nodeOf(world),
    shield: nodeOf(shield),
    svg: nodeOf(svg),
    scaled,
    edges,
    labels,
    nodes,
    draft,
    markerOf: kind => `url(#${idOf(`arrow-${kind}`)})`,
  };
}

function nodeOf<Element extends HTMLElement | SVGElement>(
  selection: Selection<Element, undefined, null, undefined>,
): Element {
  const node = selection.node();
  if (node === null) throw new Error('nothing was made');
  return node;
}
