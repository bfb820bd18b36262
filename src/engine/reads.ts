/** What the code of a block reads and binds, folded from the facts of its cells. */
import type { CellFacts } from '../protocol/cellFacts.js';
import { byCodeUnit } from '../protocol/ids.js';

export interface BlockReads {
  /** Names that must come from outside the block, sorted. Builtins are among them: a parent may have rebound one. */
  readonly reads: readonly string[];
  /** Every name that the parents export counts as read, whatever `reads` says. */
  readonly everything: boolean;
  /** Why `everything` holds; empty: it does not. */
  readonly why: readonly string[];
  /** Names bound at the end whatever happened. */
  readonly binds: readonly string[];
  readonly mayBind: readonly string[];
  /** Names bound by import statements. */
  readonly importedNames: readonly string[];
  readonly setsEnvironment: boolean;
}

/** Folds cells in order; empty ones take no part. */
export function blockReads(cells: readonly CellFacts[]): BlockReads {
  const sure = new Set<string>();
  const reads = new Set<string>();
  const mayBind = new Set<string>();
  const imported = new Set<string>();
  const why = new Set<string>();
  let setsEnvironment = false;
  for (const cell of cells) {
    if (cell.empty) continue;
    for (const name of cell.loads) if (!sure.has(name)) reads.add(name);
    for (const name of cell.stringNames) if (!sure.has(name)) reads.add(name);
    // deletes first: a name that the cell deletes and then binds again is bound
    for (const name of cell.deletes) sure.delete(name);
    for (const name of cell.binds) sure.add(name);
    for (const name of cell.mayBind) mayBind.add(name);
    for (const name of cell.importedNames) imported.add(name);
    for (const reason of cell.dynamic) why.add(reason);
    setsEnvironment ||= cell.setsEnvironment;
  }
  return {
    reads: sorted(reads),
    everything: why.size > 0,
    why: [...why],
    binds: sorted(sure),
    mayBind: sorted(mayBind),
    importedNames: sorted(imported),
    setsEnvironment,
  };
}

const sorted = (names: Iterable<string>): readonly string[] => [...names].sort(byCodeUnit);
