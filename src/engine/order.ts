/** Topological order and cycles over rows of typed arrays; no recursion, so that depth is no limit. */
import { IndexQueue } from './indexQueue.js';

/** The order that always takes the earliest block in notebook order; `undefined`: there is a cycle. */
export function topologicalOrder(
  size: number,
  parentStart: Int32Array,
  parents: Int32Array,
  childStart: Int32Array,
  children: Int32Array,
): Int32Array | undefined {
  const order = new Int32Array(size);
  if (isTopological(size, parentStart, parents)) {
    for (let index = 0; index < size; index += 1) order[index] = index;
    return order;
  }
  const waiting = new Int32Array(size);
  const ready = new IndexQueue(size);
  for (let index = 0; index < size; index += 1) {
    waiting[index] = parentStart[index + 1]! - parentStart[index]!;
    if (waiting[index] === 0) ready.add(index);
  }
  let place = 0;
  for (let next = ready.takeLeast(); next >= 0; next = ready.takeLeast()) {
    order[place++] = next;
    for (let slot = childStart[next]!; slot < childStart[next + 1]!; slot += 1) {
      const child = children[slot]!;
      waiting[child]! -= 1;
      if (waiting[child] === 0) ready.add(child);
    }
  }
  return place === size ? order : undefined;
}

/** Whether notebook order itself is topological, as it mostly is. */
function isTopological(size: number, parentStart: Int32Array, parents: Int32Array): boolean {
  for (let index = 0; index < size; index += 1) {
    for (let slot = parentStart[index]!; slot < parentStart[index + 1]!; slot += 1) {
      if (parents[slot]! >= index) return false;
    }
  }
  return true;
}

/** A cycle as indices from parent to child, first and last the same; only asked for when there is one. */
export function findCycle(size: number, parentStart: Int32Array, parents: Int32Array): readonly number[] {
  // 0 unseen, 1 on the current path, 2 known to lead into no cycle.
  const mark = new Uint8Array(size);
  const nextSlot = parentStart.slice(0, size);
  for (let root = 0; root < size; root += 1) {
    if (mark[root] !== 0) continue;
    const path = [root];
    mark[root] = 1;
    while (path.length > 0) {
      const block = path[path.length - 1]!;
      const slot = nextSlot[block]!;
      if (slot >= parentStart[block + 1]!) {
        mark[block] = 2;
        path.pop();
        continue;
      }
      nextSlot[block] = slot + 1;
      const parent = parents[slot]!;
      if (mark[parent] === 1) return [parent, ...path.slice(path.indexOf(parent)).reverse()];
      if (mark[parent] === 0) {
        mark[parent] = 1;
        path.push(parent);
      }
    }
  }
  throw new Error('there is no cycle');
}
