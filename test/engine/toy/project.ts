/** Toy projects as plain data, and the snapshot that the engine gets of one. */
import type { BlockDeclaration, Filter } from '../../../src/protocol/dagFile.js';
import { blockId, uid, type BlockId, type Uid } from '../../../src/protocol/ids.js';
import type { BlockMemory, ProjectSnapshot } from '../../../src/engine/index.js';
import { factsOf, render, sha, type Literal, type ToyCell } from './language.js';
import { USUAL_DECLARATION } from './usual.js';

export interface ToyEdge {
  readonly parent: number;
  readonly use?: ReadonlyMap<string, string>;
}

export interface ToyBlock {
  readonly cells: readonly ToyCell[];
  readonly parents: readonly ToyEdge[];
  readonly filter: Filter;
  /** Options other than the usual ones. */
  readonly options?: Partial<Pick<BlockDeclaration, 'run' | 'after' | 'retries' | 'env' | 'inputs'>>;
}

/** Block `i` is called `bi`; edges may only come from blocks of a smaller number. */
export interface ToyProject {
  readonly blocks: readonly ToyBlock[];
  readonly parameters: ReadonlyMap<string, Literal>;
  readonly files: ReadonlyMap<string, string>;
}

export const idOf = (index: number): BlockId => blockId(`b${index}`);
export const uidOf = (index: number): Uid => uid(`uid-${index}`);
export const indexOf = (id: string): number => Number(id.slice(1));

export const NO_MEMORY: BlockMemory = { shown: null, last: null, failure: null };

export function snapshotOf(
  { blocks, parameters }: ToyProject,
  memory: (index: number) => BlockMemory,
): ProjectSnapshot {
  const declarations = blocks.map(({ parents, filter, options }, index) => ({
    id: idOf(index),
    notebook: `b${index}.ipynb`,
    parents: parents.map(({ parent, use }) =>
      use === undefined ? { block: idOf(parent) } : { block: idOf(parent), use },
    ),
    filter,
    ...USUAL_DECLARATION,
    ...options,
  }));
  return {
    dag: {
      version: 1,
      name: 'toy',
      kernel: 'toy',
      cache: { keep: 3 },
      parameters,
      seed: 0,
      tags: new Map(),
      blocks: declarations,
    },
    blocks: blocks.map(({ cells }, index) => ({
      declaration: declarations[index]!,
      uid: uidOf(index),
      cells: cells.map(factsOf),
      memory: memory(index),
    })),
    parameters,
    environment: sha('toy python'),
  };
}

export function describe(project: ToyProject): string {
  const blocks = project.blocks.map(({ cells, parents, filter }, index) => {
    const edges = parents.map(
      ({ parent, use }) =>
        `b${parent}${use === undefined ? '' : ` {${[...use].map(pair => pair.join(': ')).join(', ')}}`}`,
    );
    const kept = filter.kind === 'names' ? `[${filter.patterns.join(', ')}]` : filter.kind;
    const code = cells.flatMap(({ statements, comment }) => [
      `    # ${comment}`,
      ...statements.map(statement => `    ${render(statement)}`),
    ]);
    return [`  b${index} <- ${edges.join(', ') || '·'}   filter ${kept}`, ...code].join('\n');
  });
  const outside = [...project.parameters, ...project.files].map(
    ([name, value]) => `${name} = ${JSON.stringify(value)}`,
  );
  return [...blocks, `  outside: ${outside.join(', ')}`].join('\n');
}
