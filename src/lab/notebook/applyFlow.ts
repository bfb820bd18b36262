/** What the blocks say of a flow: its cells, the record of what they were made from, and the end of what ran. */
import type { JSONObject } from '@lumino/coreutils';
import type { FlowRecord } from '../../protocol/flow/record.js';
import type { NotebookContent } from '../../protocol/resident/calls.js';
import { applyContent, type Answer } from './applyContent.js';
import { isLive, isMarkedLive, setLive } from './liveMark.js';
import { recordOf } from './membership.js';
import type { OpenNotebook } from './openNotebook.js';
import { decodeCells, keepCellIds } from './plainCells.js';

export interface AppliedFlow {
  /** `false`: of some cell the answer could not know yet what its run showed, so that the blocks have to be asked again. */
  readonly isOver: boolean;
}

/**
 * @param sent what the answer is about
 * @param isUnderWay whether a run of a block has more to say
 */
export function applyFlow(
  notebook: OpenNotebook,
  sent: NotebookContent,
  answer: Answer,
  isUnderWay: (block: string) => boolean,
): AppliedFlow {
  let isOver = true;
  notebook.quietly(() => {
    keepCellIds(notebook.model);
    const live = liveCells(notebook, () => true);
    const running = liveCells(notebook, isUnderWay);
    // A run has told all of them since, and the answer may be of before that.
    const ended = new Set([...markedIn(sent)].filter(id => !live.has(id)));
    if (ended.size > 0) isOver = false;
    const { collided, shown } = applyContent(
      notebook.model,
      sent,
      answer,
      id => notebook.kernelRuns.has(id) || running.has(id) || ended.has(id),
    );
    bringRecord(notebook, sent, answer.content, collided);
    // No answer knows the mark, and it goes with what the answer is about.
    for (const id of live) {
      const isNewer = !shown.has(id) && !notebook.kernelRuns.has(id) && notebook.codeCell(id) !== undefined;
      if (running.has(id) || isNewer) mark(notebook, id, true);
    }
    const isOpen = markedIn(answer.content);
    for (const id of liveCells(notebook, block => !isUnderWay(block))) {
      // What the answer does not know either is asked for when something else happens: a conflict is decided, for one.
      if (isOpen.has(id)) continue;
      if (shown.has(id)) mark(notebook, id, false);
      else isOver = false;
    }
  });
  return { isOver };
}

/** Cells of a content that show what a run has shown so far. */
const markedIn = (content: NotebookContent): ReadonlySet<string> =>
  new Set(decodeCells(content).flatMap(({ id, metadata }) => (isMarkedLive(metadata) ? [id] : [])));

/** Cells that show what a run has shown so far, of some of the blocks. */
const liveCells = (notebook: OpenNotebook, isWanted: (block: string) => boolean): ReadonlySet<string> =>
  new Set(
    notebook.shown
      .filter(({ name }) => isWanted(name))
      .flatMap(({ cells }) => cells)
      .filter(id => isLive(notebook.cell(id))),
  );

function mark(notebook: OpenNotebook, id: string, isWanted: boolean): void {
  const cell = notebook.cell(id);
  if (cell !== undefined) setLive(cell, isWanted);
}

/**
 * The record of what the notebook was made from. Of cells that a person edited while the answer was on its way it stays
 * as it was, so that the next merge sees what both sides did.
 */
function bringRecord(
  { model }: OpenNotebook,
  sent: NotebookContent,
  next: NotebookContent,
  collided: ReadonlySet<string>,
): void {
  const metadata = next['metadata'] as JSONObject;
  const dagpy = metadata['dagpy'] as JSONObject | undefined;
  const after = recordOf(dagpy);
  if (dagpy === undefined || after === null) return;
  const before = recordOf((sent['metadata'] as JSONObject)['dagpy']);
  const old = new Map(before?.blocks.flatMap(({ cells }) => cells.map(cell => [cell.id, cell] as const)));
  const flow: FlowRecord = {
    ...after,
    blocks: after.blocks.map(block => ({
      ...block,
      cells: block.cells.map(cell => (collided.has(cell.id) ? (old.get(cell.id) ?? cell) : cell)),
    })),
  };
  const wanted = { ...dagpy, flow: flow as unknown as JSONObject };
  if (JSON.stringify(model.getMetadata('dagpy')) !== JSON.stringify(wanted))
    model.setMetadata('dagpy', wanted);
  const widgets = metadata['widgets'];
  if (widgets !== undefined && JSON.stringify(model.getMetadata('widgets')) !== JSON.stringify(widgets))
    model.setMetadata('widgets', widgets);
}
