/** Notebooks of blocks as files that come, move and are found by identity. */
import { constants, copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { assignUids } from '../engine/identity.js';
import type { BlockDeclaration, DagFile } from '../protocol/dagFile.js';
import type { Digest, Uid } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { readNotebook, type Notebook } from './notebooks/index.js';
import { uniqueName } from './store/disk.js';
import { fileProblem, isText, replaceTextFile } from './textFile.js';

/** Where the notebook of a renamed block goes: one that is named after its block keeps being so. */
export function moveOf(
  { id, notebook }: Pick<BlockDeclaration, 'id' | 'notebook'>,
  to: string,
): { readonly from: string; readonly to: string } | undefined {
  const folder = notebook.replace(/[^/]*$/, '');
  return notebook === `${folder}${id}.ipynb` ? { from: notebook, to: `${folder}${to}.ipynb` } : undefined;
}

/**
 * Puts notebooks under new names, in two steps: copies first, and the old names are taken away once dag.json names the
 * new ones, so that a crash in between leaves one file too many and never one too few.
 * @param blocks of the project
 */
export function copyNotebooks(
  project: string,
  moves: readonly { readonly from: string; readonly to: string }[],
  blocks: readonly Pick<BlockFile, 'declaration'>[],
): Result<{ finish(): void; undo(): void }> {
  const made: string[] = [];
  const undo = (): void => made.forEach(path => rmSync(path, { force: true }));
  for (const { from, to } of moves) {
    const target = join(project, to);
    // The very same content is what an earlier try left that was killed before dag.json knew of it.
    const isKnown = blocks.some(({ declaration }) => declaration.notebook === to);
    if (!isKnown && isSameFile(join(project, from), target)) continue;
    if (existsSync(target)) {
      undo();
      return failure({
        code: 'file-exists',
        message: `${to} is there already`,
        file: to,
        remedy: 'move that notebook away, or choose another id',
      });
    }
    try {
      copyWhole(join(project, from), target);
      made.push(target);
    } catch (error) {
      undo();
      return failure(fileProblem(error, to, 'write'));
    }
  }
  const finish = (): void => moves.forEach(({ from }) => rmSync(join(project, from), { force: true }));
  return success({ finish, undo });
}

/** A copy that is not there or whole. */
function copyWhole(from: string, target: string): void {
  const unfinished = join(dirname(target), `.${basename(target)}.${uniqueName()}.tmp`);
  try {
    copyFileSync(from, unfinished, constants.COPYFILE_EXCL);
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function isSameFile(one: string, other: string): boolean {
  try {
    return readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}

export interface NewText {
  /** Below the project. */
  readonly file: string;
  /** As it was read; `null`: it is new. */
  readonly before: Pick<Notebook, 'text' | 'stamp'> | null;
  readonly text: string;
}

/** Writes several files; where one of them can not be, the others are as before. */
export function writeTexts(project: string, texts: readonly NewText[]): Result<{ undo(): void }> {
  const undoing: (() => void)[] = [];
  const undo = (): void => undoing.reverse().forEach(step => step());
  for (const { file, before, text } of texts) {
    const path = join(project, file);
    // What an earlier try left that was killed.
    if (before === null && isText(path, text)) continue;
    const written = replaceTextFile(path, text, before?.stamp ?? null, file);
    if (!written.ok) {
      undo();
      return written;
    }
    undoing.push(() => {
      if (before === null) rmSync(path, { force: true });
      else replaceTextFile(path, before.text, written.value, file);
    });
  }
  return success({ undo });
}

/** A block with its notebook and permanent identity. */
export interface BlockFile {
  readonly uid: Uid;
  readonly declaration: BlockDeclaration;
  readonly notebook: Notebook;
}

export interface IdentityPorts {
  digest(text: string): Digest;
  /** Name of the block that an identity last ran as. */
  ranAs(uid: Uid): string | undefined;
}

/** Reads the notebooks of all blocks; what is wrong with any of them comes back at once. */
export function readBlockFiles(
  project: string,
  dag: DagFile,
  { digest, ranAs }: IdentityPorts,
): Result<readonly BlockFile[]> {
  const problems: Problem[] = [];
  const notebooks = new Map<string, Notebook>();
  for (const { id, notebook } of dag.blocks) {
    const read = readNotebook(join(project, notebook), notebook);
    if (read.ok) notebooks.set(id, read.value);
    else problems.push(...read.problems);
  }
  if (problems.length > 0) return failure(...problems);
  const uids = assignUids(
    dag.blocks.map(({ id }) => ({ id, uid: notebooks.get(id)?.uid as Uid | undefined })),
    digest,
    ranAs,
  );
  return success(
    dag.blocks.map(declaration => ({
      uid: uids.get(declaration.id)!,
      declaration,
      notebook: notebooks.get(declaration.id)!,
    })),
  );
}
