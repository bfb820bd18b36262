/**
 * Edits of one project that were made through calls, to be taken back and done again. What they did to `dag.json` and to
 * notebooks is kept as texts; a file that was changed since by someone else is never touched. Notebooks of blocks that an
 * edit took out stay on disk, so undoing it finds them.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyNotebooks } from '../../adapters/blockFiles.js';
import { DAG_FILE } from '../../adapters/dagFile/find.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import { readTextFile, replaceTextFile, type Writing } from '../../adapters/textFile.js';
import { orThrow, ProblemError } from '../../protocol/problem.js';

/** Larger ones are not edited by anything that is kept here, characters. */
const LARGEST = 500_000_000;
const MOST_EDITS = 100;

type Texts = ReadonlyMap<string, string>;

/** What an edit did to a notebook. */
type Change =
  | { readonly kind: 'moved'; readonly from: string; readonly to: string }
  /** `unmade`: taken away where nobody has worked in it. */
  | { readonly kind: 'made' | 'unmade'; readonly file: string; readonly text: string }
  | { readonly kind: 'changed'; readonly file: string; readonly before: string; readonly after: string };

interface Edit {
  readonly what: string;
  readonly dag: { readonly before: string; readonly after: string };
  readonly changes: readonly Change[];
}

export class History {
  private done: Edit[] = [];
  private undone: Edit[] = [];

  /** @param known text of a file that need not be read again */
  constructor(
    private readonly folder: string,
    private readonly known: (path: string) => string | undefined = () => undefined,
  ) {}

  /** What undo and redo would do, in words. @param text `dag.json` as it is; `null`: it can not be read */
  words(text: string | null): { readonly undo: string | null; readonly redo: string | null } {
    const [last, next] = [this.done.at(-1), this.undone.at(-1)];
    return {
      undo: last !== undefined && last.dag.after === text ? last.what : null,
      redo: next !== undefined && next.dag.before === text ? next.what : null,
    };
  }

  /**
   * Carries out an edit and remembers what it writes, if that changes `dag.json`. Only what is written by `writing` is the
   * edit's: while it waits for something, a run or an editor may write notebooks too. @param what in words
   */
  remember<Value>(what: string, change: (writing: Writing) => Promise<Value>): Promise<Value> {
    return change(write => {
      const before = this.texts();
      const written = write();
      this.add(what, before, this.texts());
      return written;
    });
  }

  private add(what: string, before: Texts, after: Texts): void {
    const dag = { before: before.get(DAG_FILE) ?? '', after: after.get(DAG_FILE) ?? '' };
    if (dag.before === dag.after) return;
    const isContinued = this.done.at(-1)?.dag.after === dag.before;
    const edit: Edit = { what, dag, changes: changesOf(this.folder, before, after) };
    this.done = [...(isContinued ? this.done : []), edit].slice(-MOST_EDITS);
    this.undone = [];
  }

  undo(): void {
    const edit = this.done.at(-1) ?? nothing('undo');
    this.apply(edit.what, edit.dag.after, edit.dag.before, edit.changes.map(reversed));
    this.done = this.done.slice(0, -1);
    this.undone = [...this.undone, edit];
  }

  redo(): void {
    const edit = this.undone.at(-1) ?? nothing('redo');
    this.apply(edit.what, edit.dag.before, edit.dag.after, edit.changes);
    this.undone = this.undone.slice(0, -1);
    this.done = [...this.done, edit];
  }

  /** Everything is checked before anything is written. */
  private apply(what: string, from: string, to: string, changes: readonly Change[]): void {
    const read = (file: string) => {
      const found = readTextFile(join(this.folder, file), file, LARGEST);
      return found.ok ? found.value : undefined;
    };
    const dag = read(DAG_FILE);
    if (dag?.text !== from) changedSince(what, DAG_FILE);
    for (const change of changes) {
      if (change.kind === 'changed' && read(change.file)?.text !== change.before)
        changedSince(what, change.file);
      if (change.kind === 'moved' && existsSync(join(this.folder, change.to))) changedSince(what, change.to);
      if (change.kind === 'moved' && !existsSync(join(this.folder, change.from)))
        changedSince(what, change.from);
    }
    const moves = changes.filter(change => change.kind === 'moved');
    const edits = changes.filter(change => change.kind === 'changed');
    const replace = ({ file, after }: (typeof edits)[number]): void =>
      void orThrow(replaceTextFile(join(this.folder, file), after, read(file)?.stamp ?? null, file));
    // As every edit does: what gets cells first, then dag.json, and last what loses some, so that one that is killed in
    // between leaves a file or a cell too many, and never a project that lacks one.
    const copied = orThrow(copyNotebooks(this.folder, moves, []));
    try {
      for (const change of changes)
        // One that is there is the one of before, with whatever was done to it since.
        if (change.kind === 'made' && !existsSync(join(this.folder, change.file)))
          orThrow(replaceTextFile(join(this.folder, change.file), change.text, null, change.file));
      edits.filter(change => !losesCells(change)).forEach(replace);
      orThrow(replaceTextFile(join(this.folder, DAG_FILE), to, dag?.stamp ?? null, DAG_FILE));
    } catch (error) {
      copied.undo();
      throw error;
    }
    edits.filter(losesCells).forEach(replace);
    copied.finish();
    // Only one in which nobody has worked goes with its block; others stay on disk.
    for (const change of changes)
      if (change.kind === 'unmade' && read(change.file)?.text === change.text)
        rmSync(join(this.folder, change.file), { force: true });
  }

  /** `dag.json` and the notebooks that it names. */
  private texts(): Texts {
    const loaded = loadDagFile(this.folder);
    const files = loaded.ok ? loaded.value.dag.blocks.map(({ notebook }) => notebook) : [];
    const texts = new Map<string, string>();
    for (const file of [DAG_FILE, ...files]) {
      const path = join(this.folder, file);
      const known = this.known(path);
      const read = known === undefined ? readTextFile(path, file, LARGEST) : undefined;
      const text = known ?? (read?.ok === true ? read.value.text : undefined);
      if (text !== undefined) texts.set(file, text);
    }
    return texts;
  }
}

function losesCells({ before, after }: { readonly before: string; readonly after: string }): boolean {
  return cellsIn(after) < cellsIn(before);
}

function cellsIn(text: string): number {
  try {
    return (JSON.parse(text) as { cells?: readonly unknown[] }).cells?.length ?? 0;
  } catch {
    return 0;
  }
}

function reversed(change: Change): Change {
  switch (change.kind) {
    case 'moved':
      return { kind: 'moved', from: change.to, to: change.from };
    case 'made':
      return { ...change, kind: 'unmade' };
    case 'unmade':
      return { ...change, kind: 'made' };
    case 'changed':
      return { ...change, before: change.after, after: change.before };
  }
}

/** Notebooks of blocks that were taken out stay on disk; one that is gone from there went to another name. */
function changesOf(folder: string, before: Texts, after: Texts): readonly Change[] {
  const gone = new Map([...before].filter(([file]) => !after.has(file) && !existsSync(join(folder, file))));
  const made = [...after].filter(([file]) => !before.has(file));
  const changes: Change[] = [];
  for (const [file, text] of made) {
    const alike = [...gone].find(([, other]) => uidOf(other) === uidOf(text) || other === text);
    const [from] = alike ?? (made.length === 1 && gone.size === 1 ? [...gone][0] : undefined) ?? [];
    if (from === undefined) changes.push({ kind: 'made', file, text });
    else {
      gone.delete(from);
      changes.push({ kind: 'moved', from, to: file });
    }
  }
  for (const [file, text] of gone) changes.push({ kind: 'unmade', file, text });
  for (const [file, text] of after) {
    const old = before.get(file);
    if (file !== DAG_FILE && old !== undefined && old !== text)
      changes.push({ kind: 'changed', file, before: old, after: text });
  }
  return changes;
}

/** Permanent identity of a block's notebook; one that has none is like no other. */
function uidOf(text: string): unknown {
  try {
    const { metadata } = JSON.parse(text) as { metadata?: { dagpy?: { uid?: unknown } } };
    return metadata?.dagpy?.uid ?? {};
  } catch {
    return {};
  }
}

function nothing(what: 'undo' | 'redo'): never {
  throw new ProblemError([
    { code: 'nothing-to-undo', message: `there is nothing to ${what}`, remedy: 'edit the project first' },
  ]);
}

function changedSince(what: string, file: string): never {
  throw new ProblemError([
    {
      code: 'changed-since',
      message: `${what}: ${file} was changed since by someone else, so this can not be taken back`,
      file,
      remedy: 'take it back by hand, or restore the file first, for instance with git',
    },
  ]);
}
