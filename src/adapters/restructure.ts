/** Renaming, merging and splitting blocks on disk: notebooks first, dag.json last, the user's files never lost. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildGraph } from '../engine/index.js';
import { mergeBlocks } from '../engine/restructure/mergeBlocks.js';
import { decodeDagFile, editDagFile, idProblem, type DagEdit } from '../protocol/dagFileCodec/index.js';
import { blockId, type Uid } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { copyNotebooks, moveOf, type BlockFile } from './blockFiles.js';
import { DAG_FILE } from './dagFile/find.js';
import type { LoadedDagFile } from './dagFile/index.js';
import { cellTexts, layoutOf, withCells } from './flows/cellList.js';
import { cellInBlock } from './flows/cellText.js';
import { buildNotebook, setMetadata, type Notebook } from './notebooks/index.js';
import { replaceTextFile } from './textFile.js';

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

const unknownBlock = (id: string): Problem => ({
  code: 'unknown-block',
  message: `there is no block ${id}`,
  file: DAG_FILE,
  remedy: '"dagpy status" lists the blocks',
});

/** The notebook goes along where it is named after its block. @returns its path afterwards */
export function renameBlock({ project, dag, files }: Opened, from: string, to: string): Result<string> {
  const wrong = wrongId(to);
  if (wrong !== undefined) return failure(wrong);
  const block = files.find(({ declaration }) => declaration.id === from);
  if (block === undefined) return failure(unknownBlock(from));
  if (from === to) return success(block.declaration.notebook);
  const move = moveOf(block.declaration, to);
  const edits: DagEdit[] = [
    { kind: 'renameBlock', from: blockId(from), to },
    ...(move === undefined ? [] : [{ kind: 'setNotebook', block: blockId(to), notebook: move.to } as const]),
  ];
  const next = checkedEdit(dag, edits);
  if (!next.ok) return next;
  // One that was named by its block alone would take on another identity with the new name.
  const identified = keepIdentity(project, block);
  if (!identified.ok) return identified;
  const copied = copyNotebooks(project, move === undefined ? [] : [move]);
  if (!copied.ok) return copied;
  const written = replaceTextFile(join(project, DAG_FILE), next.value, dag.stamp, DAG_FILE);
  if (!written.ok) {
    copied.value.undo();
    return written;
  }
  copied.value.finish();
  return success(move?.to ?? block.declaration.notebook);
}

function keepIdentity(project: string, { uid, declaration, notebook }: BlockFile): Result<unknown> {
  if (notebook.uid === uid) return success(undefined);
  const path = declaration.notebook;
  return replaceTextFile(
    join(project, path),
    setMetadata(notebook.text, ['dagpy', 'uid'], uid),
    notebook.stamp,
    path,
  );
}

/** @returns notebook of `other`, which stays on disk */
export function mergeInto({ project, dag, files }: Opened, into: string, other: string): Result<string> {
  const planned = mergeBlocks(dag.dag, blockId(into), blockId(other));
  if (!planned.ok) return planned;
  const next = checkedEdit(dag, planned.value.edits);
  if (!next.ok) return next;
  const [kept, gone] = [into, other].map(id => files.find(({ declaration }) => declaration.id === id)!) as [
    BlockFile,
    BlockFile,
  ];
  const own = cellTexts(kept.notebook.text);
  const added = cellsFor(kept.notebook, gone.notebook);
  const cells = planned.value.order[0] === into ? [...own, ...added] : [...added, ...own];
  const path = kept.declaration.notebook;
  const text = setMetadata(withCells(kept.notebook.text, cells), ['dagpy', 'uid'], kept.uid);
  const written = replaceTextFile(join(project, path), text, kept.notebook.stamp, path);
  if (!written.ok) return written;
  const changed = replaceTextFile(join(project, DAG_FILE), next.value, dag.stamp, DAG_FILE);
  if (!changed.ok) {
    // Nobody has seen the merged notebook yet.
    replaceTextFile(join(project, path), kept.notebook.text, written.value, path);
    return changed;
  }
  return success(gone.declaration.notebook);
}

/** Cells of one notebook as another one takes them: in its layout, with ids that it does not have yet. */
function cellsFor(target: Notebook, source: Notebook): readonly string[] {
  const layout = layoutOf(target.text);
  const taken = new Set(target.cells.map(({ id }) => id));
  return cellTexts(source.text).map((text, at) => {
    const cell = source.cells[at]!;
    if (target.minor < 5) return cellInBlock(text, null, layout);
    let id = cell.hasOwnId ? cell.id : `cell-${String(at + 1)}`;
    for (let number = 2; taken.has(id); number += 1) id = `${cell.id.slice(0, 56)}-${String(number)}`;
    taken.add(id);
    return cellInBlock(text, id, layout);
  });
}

export interface NewPart {
  readonly id: string;
  readonly notebook: string;
  readonly uid: Uid;
  readonly edits: readonly DagEdit[];
}

/** Moves the cells from index `at` on into a new notebook. */
export function writeSplit(
  { project, dag }: Opened,
  block: BlockFile,
  at: number,
  part: NewPart,
): Result<unknown> {
  const next = checkedEdit(dag, part.edits);
  if (!next.ok) return next;
  const target = join(project, part.notebook);
  if (existsSync(target)) {
    return failure({
      code: 'file-exists',
      message: `${part.notebook} is there already`,
      file: part.notebook,
      remedy: 'move that notebook away, or choose another id for the new block',
    });
  }
  const { notebook, declaration, uid } = block;
  const moved = notebook.cells.slice(at).map(({ index }) => index);
  const made = replaceTextFile(target, buildNotebook(notebook, moved, part.uid), null, part.notebook);
  if (!made.ok) return made;
  const path = declaration.notebook;
  const text = setMetadata(
    withCells(notebook.text, cellTexts(notebook.text).slice(0, at)),
    ['dagpy', 'uid'],
    uid,
  );
  const shortened = replaceTextFile(join(project, path), text, notebook.stamp, path);
  const changed = shortened.ok
    ? replaceTextFile(join(project, DAG_FILE), next.value, dag.stamp, DAG_FILE)
    : shortened;
  if (changed.ok) return changed;
  if (shortened.ok) replaceTextFile(join(project, path), notebook.text, shortened.value, path);
  rmSync(target, { force: true });
  return changed;
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
