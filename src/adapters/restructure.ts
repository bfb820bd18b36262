/**
 * Renaming, merging and splitting blocks on disk: what gets cells first, then dag.json, and last what loses some, so
 * that the user's files are never lost.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildGraph, unknownBlock } from '../engine/index.js';
import { mergeBlocks } from '../engine/restructure/mergeBlocks.js';
import type { FactsOf } from '../engine/restructure/sharedNames.js';
import { decodeDagFile, editDagFile, idProblem, type DagEdit } from '../protocol/dagFileCodec/index.js';
import { blockId, type Uid } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { copyNotebooks, moveOf, writeTexts, type BlockFile } from './blockFiles.js';
import { DAG_FILE } from './dagFile/find.js';
import type { LoadedDagFile } from './dagFile/index.js';
import { cellTexts, layoutOf, withCells } from './flows/cellList.js';
import { cellInBlock } from './flows/cellText.js';
import {
  buildNotebook,
  setMetadata,
  withWidgets,
  type Notebook,
  type NotebookCell,
} from './notebooks/index.js';
import { isText, replaceTextFile } from './textFile.js';

/** A project as it was read, to be changed in one go. */
export interface Opened {
  /** Absolute path. */
  readonly project: string;
  readonly dag: LoadedDagFile;
  readonly files: readonly BlockFile[];
}

export function wrongId(id: string): Problem | undefined {
  const wrong = idProblem(id);
  return wrong === undefined
    ? undefined
    : {
        code: 'block-id',
        message: `${JSON.stringify(id)} is no name for a block: an id ${wrong}`,
        remedy: 'choose another id',
      };
}

export interface Restructured {
  /** Notebook that a person is told about, below the project. */
  readonly notebook: string;
  /** Notebooks that were written. */
  readonly written: readonly string[];
}

/** The notebook goes along where it is named after its block. */
export function renameBlock({ project, dag, files }: Opened, from: string, to: string): Result<Restructured> {
  const wrong = wrongId(to);
  if (wrong !== undefined) return failure(wrong);
  const block = files.find(({ declaration }) => declaration.id === from);
  if (block === undefined)
    return failure(
      unknownBlock(
        from,
        files.map(({ declaration }) => declaration.id),
      ),
    );
  const { uid, declaration, notebook } = block;
  if (from === to) return success({ notebook: declaration.notebook, written: [] });
  const move = moveOf(declaration, to);
  const edits: DagEdit[] = [
    { kind: 'renameBlock', from: blockId(from), to },
    ...(move === undefined ? [] : [{ kind: 'setNotebook', block: blockId(to), notebook: move.to } as const]),
  ];
  const next = checkedEdit(dag, edits);
  if (!next.ok) return next;
  // One that was named by its block alone would take on another identity with the new name.
  const text = notebook.uid === uid ? notebook.text : setMetadata(notebook.text, ['dagpy', 'uid'], uid);
  const texts = text === notebook.text ? [] : [{ file: declaration.notebook, before: notebook, text }];
  const identified = writeTexts(project, texts);
  if (!identified.ok) return identified;
  const copied = copyNotebooks(project, move === undefined ? [] : [move], files);
  const written = copied.ok ? writeDag(project, dag, next.value) : copied;
  if (!copied.ok || !written.ok) {
    if (copied.ok) copied.value.undo();
    identified.value.undo();
    return failure(...(written.ok ? [] : written.problems));
  }
  copied.value.finish();
  const path = move?.to ?? declaration.notebook;
  return success({ notebook: path, written: texts.length > 0 ? [path] : [] });
}

const writeDag = (project: string, dag: LoadedDagFile, text: string): Result<string> =>
  replaceTextFile(join(project, DAG_FILE), text, dag.stamp, DAG_FILE);

/** @returns as `notebook` the one of `other`, which stays on disk */
export function mergeInto(
  { project, dag, files }: Opened,
  into: string,
  other: string,
  factsOf: FactsOf,
): Result<Restructured> {
  const planned = mergeBlocks(dag.dag, blockId(into), blockId(other), factsOf);
  if (!planned.ok) return planned;
  const next = checkedEdit(dag, planned.value.edits);
  if (!next.ok) return next;
  const find = (id: string): BlockFile => files.find(({ declaration }) => declaration.id === id)!;
  const [kept, gone] = [find(into), find(other)];
  const isFirst = planned.value.order[0] === into;
  const file = kept.declaration.notebook;
  const text = hasCellsOf(gone.notebook, kept.notebook, isFirst)
    ? kept.notebook.text
    : joinedText(kept, gone.notebook, isFirst);
  const written = writeTexts(project, [{ file, before: kept.notebook, text }]);
  if (!written.ok) return written;
  const changed = writeDag(project, dag, next.value);
  if (!changed.ok) {
    written.value.undo();
    return changed;
  }
  return success({ notebook: gone.declaration.notebook, written: [file] });
}

function joinedText({ notebook, uid }: BlockFile, gone: Notebook, isFirst: boolean): string {
  const own = cellTexts(notebook.text);
  const added = cellsFor(notebook, gone);
  const cells = isFirst ? [...own, ...added] : [...added, ...own];
  const merged = withWidgets(withCells(notebook.text, cells), [gone]);
  return setMetadata(merged, ['dagpy', 'uid'], uid);
}

/** Whether a merge that was killed before dag.json has put the cells there: in their place, with the ids it gave them. */
function hasCellsOf(gone: Notebook, kept: Notebook, isFirst: boolean): boolean {
  const count = gone.cells.length;
  if (count === 0 || count > kept.cells.length || kept.minor < 5) return false;
  const [from, to] = isFirst ? [kept.cells.length - count, kept.cells.length] : [0, count];
  const there = kept.cells.slice(from, to);
  const ids = idsFor(
    kept.cells.filter((_, at) => at < from || at >= to),
    gone,
  );
  return gone.cells.every(
    ({ type, source }, at) =>
      there[at]!.hasOwnId &&
      there[at]!.id === ids[at] &&
      there[at]!.type === type &&
      there[at]!.source === source,
  );
}

/** Ids for the cells of a notebook beside cells that have theirs. */
function idsFor(others: readonly NotebookCell[], source: Notebook): readonly string[] {
  const taken = new Set(others.map(({ id }) => id));
  return source.cells.map((cell, at) => {
    let id = cell.hasOwnId ? cell.id : `cell-${String(at + 1)}`;
    for (let number = 2; taken.has(id); number += 1) id = `${cell.id.slice(0, 56)}-${String(number)}`;
    taken.add(id);
    return id;
  });
}

/** Cells of one notebook as another one takes them: in its layout, with ids that it does not have yet. */
function cellsFor(target: Notebook, source: Notebook): readonly string[] {
  const layout = layoutOf(target.text);
  const ids = target.minor < 5 ? undefined : idsFor(target.cells, source);
  return cellTexts(source.text).map((text, at) => cellInBlock(text, ids?.[at] ?? null, layout));
}

export interface NewPart {
  readonly id: string;
  readonly notebook: string;
  readonly uid: Uid;
  readonly edits: readonly DagEdit[];
}

/** Moves the cells from index `at` on into a new notebook. */
export function writeSplit(
  { project, dag, files }: Opened,
  block: BlockFile,
  at: number,
  part: NewPart,
): Result<Restructured> {
  const next = checkedEdit(dag, part.edits);
  if (!next.ok) return next;
  const { notebook, declaration, uid } = block;
  const moved = notebook.cells.slice(at).map(({ index }) => index);
  const whole = buildNotebook(notebook, moved, part.uid);
  const isKnown = files.some(other => other.declaration.notebook === part.notebook);
  const path = join(project, part.notebook);
  if (existsSync(path) && (isKnown || !isText(path, whole))) {
    return failure({
      code: 'file-exists',
      message: `${part.notebook} is there already`,
      file: part.notebook,
      remedy: 'move that notebook away, or choose another id for the new block',
    });
  }
  const shortened = withCells(notebook.text, cellTexts(notebook.text).slice(0, at));
  // First the new part, then dag.json, and the cells are taken out of the old notebook last: one that is killed in
  // between leaves cells in both blocks, and never a project in which a block lacks them.
  const made = writeTexts(project, [{ file: part.notebook, before: null, text: whole }]);
  if (!made.ok) return made;
  const changed = writeDag(project, dag, next.value);
  if (!changed.ok) {
    made.value.undo();
    return changed;
  }
  const text = setMetadata(shortened, ['dagpy', 'uid'], uid);
  const written = writeTexts(project, [{ file: declaration.notebook, before: notebook, text }]);
  if (!written.ok) {
    replaceTextFile(join(project, DAG_FILE), dag.text, changed.value, DAG_FILE);
    made.value.undo();
    return written;
  }
  return success({ notebook: part.notebook, written: [part.notebook, declaration.notebook] });
}

/** The edited file, after making sure that what comes out is a DAG. */
function checkedEdit(dag: LoadedDagFile, edits: readonly DagEdit[]): Result<string> {
  const edited = editDagFile(dag.text, edits, { file: DAG_FILE });
  if (!edited.ok) return edited;
  const decoded = decodeDagFile(edited.value, { file: DAG_FILE });
  if (!decoded.ok) return failure(...decoded.problems);
  const graph = buildGraph(decoded.value.dag);
  return graph.ok ? edited : graph;
}
