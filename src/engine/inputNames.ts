/** How inputs are called in a key: variables by their names, a session that is made again by a mark and its block. */
import type { BlockId } from '../protocol/ids.js';
import type { InputIngredient, Trace } from '../protocol/trace.js';

/** Marks the input that stands for a session; no Python name begins with it. */
const REPLAYED = '*';

export const sessionName = (block: BlockId): string => REPLAYED + block;
const isSession = (name: string): boolean => name.startsWith(REPLAYED);

/** Blocks whose sessions are made again for a block with these inputs; what those need themselves is not among them. */
export const sessionsIn = (inputs: readonly InputIngredient[]): readonly BlockId[] =>
  inputs.filter(({ name }) => isSession(name)).map(({ name }) => name.slice(REPLAYED.length) as BlockId);

/** Names of its parents' values that a block started with, restored or alive. */
export function inputNames({ ingredients }: Trace): readonly string[] {
  return ingredients.inputs.flatMap(({ name, sharing }) =>
    isSession(name) ? sharing.map(bound => bound.replace(/=.*/s, '')) : [name],
  );
}
