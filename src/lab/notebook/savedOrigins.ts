/** What edited cells of a flow came from, for a merge in which their block may have it by way of another page. */
import type { JSONObject } from '@lumino/coreutils';
import { recordedContents } from '../../protocol/flow/record.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { recordOf } from './membership.js';
import { decodeCells, withCellsOf } from './plainCells.js';

/**
 * Cells that a person has edited since the notebook was saved, as they were then: where nothing of them came in meanwhile,
 * a block that has this by now has it from there.
 */
export function savedOrigins(saved: NotebookContent, now: NotebookContent): NotebookContent {
  const [before, after] = [blockVersions(saved), blockVersions(now)];
  return withCellsOf(editedCells(saved, now), ({ id }) => before.has(id) && before.get(id) === after.get(id));
}

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
