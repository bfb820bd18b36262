/**
 * Saves that replace what the editor has seen, and nothing newer. Lab looks at the file and writes it in two steps, and
 * whoever writes in between would be overwritten; here the server looks again when it writes.
 */
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection, type Contents } from '@jupyterlab/services';

/** A version of the file, without what it holds. */
export type FileState = Pick<Contents.IModel, 'hash' | 'last_modified'>;

/** Nothing was written, for a reason that is told elsewhere. */
export class UnsavedError extends Error {
  /** What Lab takes for the answer of a person, and is silent on. */
  override readonly name = 'ModalCancelError';
}

/** The file is another than the one that would have been replaced. */
export class ReplacedError extends UnsavedError {}

interface Guard {
  readonly context: NotebookPanel['context'];
  readonly isKnown: (state: FileState) => boolean;
  /** When the file was written that is to be replaced; `null`: nobody has looked yet, or there is none. */
  replaces: string | null;
  /** When the save wrote it; `null`: it has not. */
  written: string | null;
}

const CONFLICT = 409;

export class GuardedSaves {
  private readonly guards = new Map<string, Guard>();

  constructor(contents: Contents.IManager) {
    const get = contents.get.bind(contents);
    const save = contents.save.bind(contents);
    contents.get = async (path, options) => {
      const model = await get(path, options);
      const guard = this.guards.get(path);
      // Lab looks before it writes, and after.
      const isLook = options?.content === false && options.hash === true;
      if (guard === undefined || !isLook) return model;
      return guard.written === null ? before(guard, model) : after(guard.written, model);
    };
    contents.save = async (path, options) => {
      const guard = this.guards.get(path);
      if (guard === undefined) return save(path, options);
      const wanted = guard.replaces === null ? options : { ...options, dagpy_replaces: guard.replaces };
      try {
        const model = await save(path, wanted);
        guard.written = model.last_modified;
        return model;
      } catch (error) {
        if (error instanceof ServerConnection.ResponseError && error.response.status === CONFLICT)
          throw new ReplacedError();
        throw error;
      }
    };
  }

  /**
   * @param save of the document of `context`
   * @param isKnown whether the editor has what this version of the file holds
   * @throws {ReplacedError} where it is another version by now
   */
  async during(
    context: NotebookPanel['context'],
    isKnown: (state: FileState) => boolean,
    save: () => Promise<void>,
  ): Promise<void> {
    const { path } = context;
    this.guards.set(path, { context, isKnown, replaces: null, written: null });
    try {
      await save();
    } finally {
      this.guards.delete(path);
    }
  }
}

/** What Lab knows of the file may be of another version; what the guard knows decides. */
function before(guard: Guard, model: Contents.IModel): Contents.IModel {
  if (!guard.isKnown(model)) throw new ReplacedError();
  guard.replaces = model.last_modified;
  const { hash, last_modified } = guard.context.contentsModel ?? model;
  return { ...model, ...(hash === undefined ? {} : { hash }), last_modified };
}

/** Lab takes the hash for that of what it wrote, also where somebody else has written since. */
function after(written: string, model: Contents.IModel): Contents.IModel {
  if (model.last_modified === written) return model;
  const { hash: _, hash_algorithm: _algorithm, ...rest } = model;
  return rest;
}
