/** What edited cells of a flow came from, for a merge in which their block may have it by way of another page. */
import type { JSONObject } from '@lumino/coreutils';
import { recordedContents } from '../../protocol/flow/record.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { recordOf } from './membership.js';
import { decodeCells, withCellsOf } from './plainCells.js';

/** A person saves and types on, several times before a merge has been answered. */
const MOST_SAVED = 16;

export class SavedOrigins {
  /** As the flow was at each save, the newest last. */
  private saved: readonly NotebookContent[] = [];

  /** The flow was saved like this. */
  add(content: NotebookContent): void {
    this.saved = [...this.saved, withoutOutputs(content)].slice(-MOST_SAVED);
  }

  /**
   * Cells that a person has edited since the flow was saved, as they were then, a notebook a save. A block that has one
   * of these by now has it from there, if nothing of the cell came in meanwhile.
   * @param base what its file held last, which another page may have saved
   */
  before(now: NotebookContent, base: NotebookContent | null): readonly NotebookContent[] {
    const versions = blockVersions(now);
    return [...this.saved, ...(base === null ? [] : [base])].flatMap(saved => {
      const before = blockVersions(saved);
      const found = withCellsOf(
        editedCells(saved, now),
        ({ id }) => before.has(id) && before.get(id) === versions.get(id),
      );
      return decodeCells(found).length === 0 ? [] : [found];
    });
  }
}

/** What cells show may be large, and is nothing that they come from. */
const withoutOutputs = (content: NotebookContent): NotebookContent => ({
  ...content,
  cells: (content['cells'] as readonly JSONObject[]).map(cell =>
    cell['cell_type'] === 'code' ? { ...cell, outputs: [], execution_count: null } : cell,
  ),
});

/** Digests of what cells were in their blocks when a flow was brought together with them. */
function blockVersions(content: NotebookContent): ReadonlyMap<string, string> {
  return recordedContents(recordOf((content['metadata'] as JSONObject | undefined)?.['dagpy']));
}

/** Cells whose source is another one by now, as they were. */
function editedCells(before: NotebookContent, now: NotebookContent): NotebookContent {
  const sources = new Map(decodeCells(now).map(({ id, source }) => [id, source]));
  const edited = new Set(
    decodeCells(before).flatMap(({ id, source }) => {
      const next = sources.get(id);
      return next === undefined || next === source ? [] : [id];
    }),
  );
  return { ...withCellsOf(before, ({ id }) => edited.has(id)), metadata: {} };
}
