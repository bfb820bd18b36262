/** The order in which blocks are listed, with the rails beside them; and what moving a block in that order means. */
import { rails, type RailRow } from '../../dagLayout/index.js';
import type { BlockView } from '../../protocol/resident/view.js';

export interface BlockRow {
  readonly id: string;
  /** `null`: parents go round in a circle, so there is nothing that rails could show. */
  readonly rail: RailRow | null;
}

type Place = Pick<BlockView, 'id' | 'parents' | 'after'>;

/** Topological; among those that could come next the first in the order of `dag.json`. */
export function blockRows(blocks: readonly Place[]): readonly BlockRow[] {
  const order = topological(blocks);
  if (order === null) return blocks.map(({ id }) => ({ id, rail: null }));
  const place = new Map(order.map((id, index) => [id, index]));
  const edges = blocks.flatMap(block =>
    parentsOf(block).flatMap(parent => {
      const from = place.get(parent);
      const to = place.get(block.id);
      return from === undefined || to === undefined ? [] : [{ from, to }];
    }),
  );
  return [...rails({ size: order.length, edges })].map(rail => ({ id: order[rail.node] ?? '', rail }));
}

const parentsOf = ({ parents, after }: Place): readonly string[] => [
  ...new Set([...parents.map(({ block }) => block), ...after]),
];

function topological(blocks: readonly Place[]): readonly string[] | null {
  const known = new Set(blocks.map(({ id }) => id));
  const waits = new Map<string, number>();
  const children = new Map<string, number[]>();
  blocks.forEach((block, index) => {
    const parents = parentsOf(block).filter(parent => known.has(parent));
    waits.set(block.id, parents.length);
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), index]);
  });
  const ready = new Heap();
  blocks.forEach(({ id }, index) => {
    if (waits.get(id) === 0) ready.push(index);
  });
  const order: string[] = [];
  for (let index = ready.pop(); index !== undefined; index = ready.pop()) {
    const { id } = blocks[index]!;
    order.push(id);
    for (const child of children.get(id) ?? []) {
      const { id: name } = blocks[child]!;
      const left = (waits.get(name) ?? 0) - 1;
      waits.set(name, left);
      if (left === 0) ready.push(child);
    }
  }
  return order.length === blocks.length ? order : null;
}

/** The least number first. */
class Heap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let place = items.push(value) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (items[above]! <= value) break;
      items[place] = items[above]!;
      place = above;
    }
    items[place] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && items[below + 1]! < items[below]!) below += 1;
      if (items[below]! >= last) break;
      items[place] = items[below]!;
      place = below;
    }
    items[place] = last;
    return first;
  }
}

/**
 * The order of `dag.json` after which `id` is listed right before `before` (`null`: last); `null` where that can not be,
 * because a block stands below all that it needs.
 */
export function reordered(
  blocks: readonly Place[],
  id: string,
  before: string | null,
): readonly string[] | null {
  const listed = blockRows(blocks).map(row => row.id);
  const wanted = moved(listed, id, before);
  if (wanted.join('\n') === listed.join('\n')) return null;
  const byId = new Map(blocks.map(block => [block.id, block]));
  const next = wanted.flatMap(name => byId.get(name) ?? []);
  // As they are listed is a good order for `dag.json`, and the only one that says where the block is to stand.
  return blockRows(next).every((row, index) => row.id === wanted[index]) ? wanted : null;
}

function moved(order: readonly string[], id: string, before: string | null): readonly string[] {
  if (id === before) return order;
  const others = order.filter(name => name !== id);
  const place = before === null ? others.length : others.indexOf(before);
  return [...others.slice(0, place), id, ...others.slice(place)];
}

/** The row that one types the beginning of, from the current one on. */
export function typedAhead(ids: readonly string[], typed: string, current: number): number {
  const wanted = typed.toLowerCase();
  // A further letter may stay where it is; a first one goes on to the next.
  const from = typed.length > 1 ? Math.max(current, 0) : current + 1;
  for (let step = 0; step < ids.length; step += 1) {
    const place = (from + step) % ids.length;
    if (ids[place]!.toLowerCase().startsWith(wanted)) return place;
  }
  return -1;
}
