/** A layered layout: layers, waypoints, order, coordinates, routes; one file a stage, one call each. */
import { withWaypoints } from './chains.js';
import { componentsOf, shelve } from './components.js';
import { centresOf } from './coordinates.js';
import { assignLayers } from './layers.js';
import { orderLayers } from './ordering.js';
import { routesOf, rowsFor } from './routes.js';
import { checkEdges, childrenOf, parentsOf } from './rows.js';
import type { Direction, Edge, Layout, LayoutGraph, Point, Route, Spacing } from './types.js';

/** Throws a `RangeError` for an edge that goes backwards. Takes time about linear in nodes, edges and waypoints. */
export function layOut(graph: LayoutGraph, spacing: Spacing, direction: Direction = 'down'): Layout {
  checkEdges(graph.size, graph.edges);
  if (direction === 'down') return layOutDown(graph, spacing);
  const { nodeWidth, nodeHeight } = spacing;
  return turned(layOutDown(graph, { ...spacing, nodeWidth: nodeHeight, nodeHeight: nodeWidth }));
}

/** Bends are told along the way, so they are the same ones. */
function turned(layout: Layout): Layout {
  const swap = ({ x, y }: Point): Point => ({ x: y, y: x });
  return {
    ...layout,
    direction: 'right',
    width: layout.height,
    height: layout.width,
    x: layout.y,
    y: layout.x,
    routes: layout.routes.map(route => ({ ...route, start: swap(route.start), end: swap(route.end) })),
  };
}

function layOutDown(graph: LayoutGraph, spacing: Spacing): Layout {
  const components = componentsOf(graph);
  const parts = components.map(({ nodes, edges }) => {
    const local = new Map(nodes.map((node, index) => [node, index]));
    const own = edges.map((index): Edge => {
      const { from, to } = graph.edges[index]!;
      return { from: local.get(from)!, to: local.get(to)! };
    });
    return layOutConnected(nodes.length, own, spacing);
  });
  const places = shelve(parts, 2 * spacing.columnGap);

  const x = new Float64Array(graph.size);
  const y = new Float64Array(graph.size);
  const layer = new Int32Array(graph.size);
  const layers: number[][] = [];
  const routes = new Array<Route>(graph.edges.length);
  let width = 0;
  let height = 0;
  components.forEach(({ nodes, edges }, index) => {
    const part = parts[index]!;
    const place = places[index]!;
    nodes.forEach((node, local) => {
      x[node] = place.x + part.x[local]!;
      y[node] = place.y + part.y[local]!;
      layer[node] = part.layer[local]!;
    });
    part.layers.forEach((members, at) => {
      const all = (layers[at] ??= []);
      for (const local of members) all.push(nodes[local]!);
    });
    edges.forEach((edge, local) => {
      routes[edge] = moved(part.routes[local]!, graph.edges[edge]!, place.x, place.y);
    });
    width = Math.max(width, place.x + part.width);
    height = Math.max(height, place.y + part.height);
  });
  return {
    direction: 'down',
    width,
    height,
    x,
    y,
    layer,
    layers,
    routes,
    crossings: parts.reduce((sum, part) => sum + part.crossings, 0),
    effort: parts.reduce((sum, part) => sum + part.effort, graph.size + graph.edges.length),
  };
}

function layOutConnected(size: number, edges: readonly Edge[], spacing: Spacing): Layout {
  const layer = assignLayers(size, parentsOf(size, edges), childrenOf(size, edges), spacing.widest);
  const layered = withWaypoints(size, edges, layer);
  const ordering = orderLayers(layered);
  const { centre, effort } = centresOf(layered, ordering.layers, spacing);
  const rows = rowsFor(layered, ordering.layers.length, centre, spacing);
  const x = new Float64Array(size);
  const y = new Float64Array(size);
  let width = 0;
  for (let node = 0; node < size; node += 1) {
    x[node] = centre[node]! - spacing.nodeWidth / 2;
    y[node] = rows[layer[node]!]!;
    width = Math.max(width, x[node]! + spacing.nodeWidth);
  }
  for (let waypoint = size; waypoint < layered.size; waypoint += 1)
    width = Math.max(width, centre[waypoint]!);
  return {
    direction: 'down',
    width,
    height: (rows[rows.length - 1] ?? 0) + spacing.nodeHeight,
    x,
    y,
    layer,
    layers: ordering.layers.map(members => [...members].filter(node => node < size)),
    routes: routesOf(layered, edges, centre, rows, spacing),
    crossings: ordering.crossings,
    effort: ordering.effort + effort,
  };
}

function moved(route: Route, { from, to }: Edge, dx: number, dy: number): Route {
  return {
    from,
    to,
    start: { x: route.start.x + dx, y: route.start.y + dy },
    bends: route.bends.map(({ lane, begin, end }) => ({ lane: lane + dx, begin: begin + dy, end: end + dy })),
    end: { x: route.end.x + dx, y: route.end.y + dy },
    direct: route.direct,
  };
}
