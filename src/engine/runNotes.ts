/** What people should know about blocks when those run. */
import type { BlockId } from '../protocol/ids.js';
import { globTest } from './filters.js';
import type { World } from './ports.js';
import type { Project } from './project.js';

export interface Note {
  readonly block: BlockId;
  readonly message: string;
}

/** Patterns of declared outputs that name no file, neither a written one nor one that is there. */
export function unmade(
  outputs: readonly string[],
  written: readonly { readonly path: string }[],
  world: Pick<World, 'expand' | 'observe'>,
): readonly string[] {
  return outputs.filter(pattern => {
    const named = world.expand(pattern);
    const matches = globTest([pattern]);
    return (
      !written.some(({ path }) => named.includes(path) || matches(path)) &&
      named.every(path => world.observe('file', path) === null)
    );
  });
}

export const unmadeMessage = (patterns: readonly string[]): string =>
  `did not make these outputs of dag.json, relative to the project: ${patterns.join(', ')}`;

/** `_`, `Out` and `In` know the cells of this block only: a first cell that reads them means another block's. */
export function historyNotes({ snapshot }: Project): readonly Note[] {
  return snapshot.blocks.flatMap(({ declaration, cells }) => {
    const [first] = cells.filter(facts => !facts.empty);
    if (first === undefined || first.history.length === 0) return [];
    const names = first.history.join(', ');
    return [
      {
        block: declaration.id,
        message: `reads ${names} in its first cell, and no cell of this block ran before it: give the value a name instead`,
      },
    ];
  });
}
