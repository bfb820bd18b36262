/** What the daemon lends to those who answer calls. */
import type { Writing } from '../../adapters/textFile.js';
import type { Surroundings } from '../environment.js';
import type { OpenProject } from '../openProject.js';

export interface ServeHost {
  readonly around: Surroundings;
  /** Absolute path of the folder that relative paths start from. */
  readonly root: string;
  /**
   * Absolute path of a file or folder that a client names; throws a `ProblemError` for one that lies outside the root, by
   * way of a symbolic link or otherwise.
   */
  resolve(path: string): string;
  /** Absolute folder of a project that a client names; throws a `ProblemError` where there is none. */
  folder(project: string): string;
  /** Opens the project, with workers that are kept warm, and closes it whatever `use` does. */
  withProject<Value>(project: string, use: (project: OpenProject) => Promise<Value>): Promise<Value>;
  /**
   * Carries out what changes files of the project: one such thing at a time, remembered for undo under `what` (words such
   * as *rename clean to tidy*), and followed by a fresh look, so that every client sees it before the call is answered.
   * @param change writes its files by the `writing` that it is given: what others write meanwhile is never undone
   */
  edit<Value>(project: string, what: string, change: (writing: Writing) => Promise<Value>): Promise<Value>;
  /** Looks at the project again now; clients have seen what changed when it resolves. */
  look(project: string): Promise<void>;
}
