/** The graph of a view as numbers: who stands above and below whom. States and staleness come with the view. */
import type { Edge, LayoutGraph } from '../../dagLayout/index.js';
import type { GraphEdge } from '../../protocol/reports.js';

export interface PanelEdge extends Edge, Pick<GraphEdge, 'kind' | 'session' | 'variables'> {
  /** The same for the same two blocks, whatever else changes. */
  readonly key: string;
}

/** Blocks are numbered topologically, ties in notebook order. */
export interface PanelGraph extends LayoutGraph {
  readonly ids: readonly string[];
  readonly nodeOf: ReadonlyMap<string, number>;
  readonly edges: readonly PanelEdge[];
  readonly parents: readonly (readonly number[])[];
  readonly children: readonly (readonly number[])[];
  /** Places in `edges`, by node. */
  readonly incoming: readonly (readonly number[])[];
  readonly outgoing: readonly (readonly number[])[];
}

const edgeKey = (from: string, to: string): string => JSON.stringify([from, to]);

/** @param from id @param to id */
export function edgeBetween(graph: PanelGraph | null, from: string, to: string): PanelEdge | null {
  const key = edgeKey(from, to);
  return graph?.edges.find(edge => edge.key === key) ?? null;
}

/** @param ids in notebook order @param edges those of unknown blocks, or on a cycle, are left out */
export function panelGraph(ids: readonly string[], edges: readonly GraphEdge[]): PanelGraph {
  const order = topologicalOrder(ids, edges);
  const nodeOf = new Map(order.map((id, node) => [id, node]));
  const parents = order.map((): number[] => []);
  const children = order.map((): number[] => []);
  const incoming = order.map((): number[] => []);
  const outgoing = order.map((): number[] => []);
  const known = new Set<string>();
  const drawn: PanelEdge[] = [];
  for (const { from, to, kind, session, variables } of edges) {
    const parent = nodeOf.get(from);
    const child = nodeOf.get(to);
    const key = edgeKey(from, to);
    if (parent === undefined || child === undefined || parent >= child || known.has(key)) continue;
    known.add(key);
    incoming[child]!.push(drawn.length);
    outgoing[parent]!.push(drawn.length);
    drawn.push({ from: parent, to: child, key, kind, session, variables });
    parents[child]!.push(parent);
    children[parent]!.push(child);
  }
  return { size: order.length, ids: order, nodeOf, edges: drawn, parents, children, incoming, outgoing };
}

/** Blocks on a cycle come where they stand in the notebook: a project in trouble is drawn too. */
function topologicalOrder(ids: readonly string[], edges: readonly GraphEdge[]): readonly string[] {
  const placeOf = new Map(ids.map((id, place) => [id, place]));
  const below = ids.map((): number[] => []);
  const waitsFor = new Int32Array(ids.length);
  for (const { from, to } of edges) {
    const parent = placeOf.get(from);
    const child = placeOf.get(to);
    if (parent === undefined || child === undefined || parent === child) continue;
    below[parent]!.push(child);
    waitsFor[child]! += 1;
  }
  const open = new Heap();
  waitsFor.forEach((many, place) => {
    if (many === 0) open.add(place);
  });
  const order: string[] = [];
  const isDone = new Uint8Array(ids.length);
  const take = (place: number): void => {
    isDone[place] = 1;
    order.push(ids[place]!);
    for (const child of below[place]!) {
      waitsFor[child]! -= 1;
      if (waitsFor[child] === 0 && isDone[child] === 0) open.add(child);
    }
  };
  for (let first = 0; order.length < ids.length;) {
    const next = open.take();
    if (next !== undefined) take(next);
    else {
      while (isDone[first] === 1) first += 1;
      take(first);
    }
  }
  return order;
}

/** The least number first. */
class Heap {
  private readonly items: number[] = [];

  add(item: number): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (items[above]! <= item) break;
      items[at] = items[above]!;
      at = above;
    }
    items[at] = item;
  }

  take(): number | undefined {
    const { items } = this;
    const first = items[0];
    const item = items.pop();
    if (items.length === 0 || item === undefined) return first;
    let at = 0;
    for (let below = 1; below < items.length; below = 2 * at + 1) {
      if (below + 1 < items.length && items[below + 1]! < items[below]!) below += 1;
      if (items[below]! >= item) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = item;
    return first;
  }
}

/** Everything that can be reached from `nodes`, without them. */
export function reachable(
  neighbours: readonly (readonly number[])[],
  nodes: Iterable<number>,
): ReadonlySet<number> {
  const start = new Set(nodes);
  const found = new Set<number>();
  const open = [...start];
  for (let node = open.pop(); node !== undefined; node = open.pop())
    for (const next of neighbours[node]!) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  for (const node of start) found.delete(node);
  return found;
}

/** The shortest way down from one node to another, both included; `null`: there is none. */
export function wayDown({ children }: PanelGraph, from: number, to: number): readonly number[] | null {
  const cameFrom = new Map<number, number>([[from, from]]);
  let row = [from];
  while (row.length > 0 && !cameFrom.has(to)) {
    const next: number[] = [];
    for (const node of row)
      for (const child of children[node]!) {
        if (cameFrom.has(child)) continue;
        cameFrom.set(child, node);
        next.push(child);
      }
    row = next;
  }
  if (!cameFrom.has(to)) return null;
  const way = [to];
  for (let node = to; node !== from;) {
    node = cameFrom.get(node)!;
    way.push(node);
  }
  return way.reverse();
}

export type LinkVerdict =
  | { readonly kind: 'possible' }
  | { readonly kind: 'self' }
  | { readonly kind: 'linked' }
  /** Ids from the parent around to it again. */
  | { readonly kind: 'cycle'; readonly way: readonly string[] };

/** What a link from `parent` to `child` would be. The daemon has the last word; this one comes before the drop. */
export function linkVerdict(graph: PanelGraph, parent: string, child: string): LinkVerdict {
  if (parent === child) return { kind: 'self' };
  const from = graph.nodeOf.get(parent);
  const to = graph.nodeOf.get(child);
  if (from === undefined || to === undefined) return { kind: 'possible' };
  const isLinked = graph.edges.some(edge => edge.from === from && edge.to === to && edge.kind === 'values');
  if (isLinked) return { kind: 'linked' };
  const way = wayDown(graph, to, from);
  if (way === null) return { kind: 'possible' };
  return { kind: 'cycle', way: [parent, ...way.map(node => graph.ids[node]!)] };
}
