/** What goes in and comes out of a layout. Lengths are in pixels, y grows downwards. */

export interface Edge {
  readonly from: number;
  readonly to: number;
}

/** Nodes are numbered topologically: every edge goes from a lower number to a higher one. Each edge stands once. */
export interface LayoutGraph {
  readonly size: number;
  readonly edges: readonly Edge[];
}

/** For children below their parents; where they stand to the right, columns and rows change places. */
export interface Spacing {
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  /** Between neighbours in a layer. */
  readonly columnGap: number;
  /** Between an edge that passes a layer and its neighbours there. */
  readonly laneGap: number;
  /** Between layers, at least. */
  readonly rowGap: number;
  /** Most nodes side by side; further ones go one layer down. */
  readonly widest: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where children stand from their parents. */
export type Direction = 'down' | 'right';

/** An edge passes a layer straight: downwards at the x of its lane from y to y, to the right at the y of its lane. */
export interface Bend {
  readonly lane: number;
  readonly begin: number;
  readonly end: number;
}

/** Between `start`, its bends and `end` an edge crosses only the gaps between layers. */
export interface Route {
  readonly from: number;
  readonly to: number;
  readonly start: Point;
  readonly bends: readonly Bend[];
  readonly end: Point;
  /** So long that it runs straight behind whatever is in between; only in huge graphs. */
  readonly direct: boolean;
}

export interface Layout {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  /** Left and top of each node. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly layer: Int32Array;
  /** Nodes of each layer, from left to right, or from above where children stand to the right. */
  readonly layers: readonly (readonly number[])[];
  /** One for each edge, in their order. */
  readonly routes: readonly Route[];
  /** Pairs of edges that cross. */
  readonly crossings: number;
  /** Steps taken, for tests: it grows about as the graph does. */
  readonly effort: number;
}

/** Rows of a sparse matrix: those of `row` are `targets[start[row]]` up to `targets[start[row + 1]]`. */
export interface Rows {
  readonly start: Int32Array;
  readonly targets: Int32Array;
}
