/** What the runtime asks of notebooks and other files of the project. Handed in by the composition root; types only. */
import type { Uid } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import type { Problem, Result } from '../protocol/problem.js';

/** One cell of a block's notebook. */
export interface NotebookCell {
  /** Among all cells, from 0. */
  readonly index: number;
  /** Among all cells, from 1, for messages. */
  readonly place: number;
  readonly id: string;
  /** The id stands in the file. */
  readonly hasOwnId: boolean;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  readonly tags: readonly string[];
}

/** A block's notebook as it stood when the project was loaded. */
export interface BlockNotebook {
  /** As it was read. */
  readonly text: string;
  /** The file itself has an old format. */
  readonly isUpgraded: boolean;
  readonly cells: readonly NotebookCell[];
  readonly uid: Uid | undefined;
  readonly warnings: readonly Problem[];
  /** What the file shows for some of its cells (indexes), in the form that a trace keeps. */
  shown(cells: readonly number[]): Display;
}

export interface Notebooks {
  /** @param path relative to the project */
  read(path: string): Result<BlockNotebook>;
  /**
   * Puts outputs into the file, and its identity where it has none. `false`: the file changed so much that the
   * outputs have no place any more, and nothing was written.
   * @param cells indexes of the non-empty code cells, in the order of `display.cells`
   */
  write(
    path: string,
    notebook: BlockNotebook,
    cells: readonly number[],
    display: Display,
    uid: Uid,
  ): Promise<Result<boolean>>;
  /** One will be written soon. What that takes is made ready meanwhile. */
  expectWrite(): void;
  /** Signs again what was trusted before it was written, and ends what helped with it. */
  settle(): Promise<void>;
}

/** Folders of running jobs below `.dagpy/tmp`. */
export interface Scratch {
  /** A new empty folder; absolute path. */
  open(job: string): string;
  /** Deletes it with what is left in it. */
  drop(job: string): void;
  /** Deletes what crashed runs left; only under the project's lock. */
  clean(): void;
}

/** Files by path, relative to the project or absolute. */
export interface ProjectFiles {
  absolute(path: string): string;
  /** Copies a file's content, sharing blocks where the file system can. @returns bytes */
  copy(path: string, target: string): number;
  isFile(path: string): boolean;
  /** Replaces or makes a file in one step. */
  replace(path: string, bytes: Uint8Array): void;
  /** Keeps a copy of a file that is about to be replaced, under its digest. @returns where, from the project */
  keepAside(path: string, digest: string): string;
}
