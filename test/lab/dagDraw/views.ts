/** Views of projects for the panel's tests: a state a block, an edge a pair of ids. */
import type { BlockView, GraphEdge, ProjectView } from '../../../src/protocol/resident/view.js';
import type { BlockState } from '../../../src/protocol/states.js';

export const blockView = (id: string, change: Partial<BlockView> = {}): BlockView => ({
  id,
  uid: id,
  notebook: `blocks/${id}.ipynb`,
  state: 'fresh',
  reasons: [],
  parents: [],
  after: [],
  filter: { kind: 'auto' },
  tags: {},
  isPrelude: false,
  seconds: 1.4,
  bytes: 150_000_000,
  exports: [],
  withheld: [],
  codeCells: 3,
  changedCells: [],
  failure: null,
  progress: null,
  lastRun: null,
  isLocal: false,
  ...change,
});

export const edgeView = (from: string, to: string, change: Partial<GraphEdge> = {}): GraphEdge => ({
  from,
  to,
  kind: 'values',
  session: false,
  variables: [],
  ...change,
});

/** @param edges `'a b'`: from a to b */
export const viewOf = (
  states: Readonly<Record<string, BlockState>>,
  edges: readonly string[],
): Pick<ProjectView, 'blocks' | 'edges'> => ({
  blocks: Object.entries(states).map(([id, state]) => blockView(id, { state })),
  edges: edges.map(pair => {
    const [from = '', to = ''] = pair.split(' ');
    return edgeView(from, to);
  }),
});

/** Each block builds on one to three of the hundred before it. */
export function largeView(size: number): Pick<ProjectView, 'blocks' | 'edges'> {
  let seed = 99;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const blocks = Array.from({ length: size }, (_, place) => blockView(`b${String(place)}`));
  const edges: GraphEdge[] = [];
  for (let place = 1; place < size; place += 1) {
    const parents = new Set<number>();
    for (let many = 1 + next(3); many > 0; many -= 1) parents.add(place - 1 - next(Math.min(place, 100)));
    for (const parent of parents) edges.push(edgeView(`b${String(parent)}`, `b${String(place)}`));
  }
  return { blocks, edges };
}
