/** Writing so that a file is either not there or whole, and failures in words. */
import {
  closeSync,
  fchmodSync,
  fsync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { byCodeUnit } from '../../protocol/ids.js';
import type { Problem } from '../../protocol/problem.js';
import { ProblemError } from '../../protocol/problem.js';
import type { Step } from './failpoints.js';
import { atStep } from './failpoints.js';

/** The calls that fail when a disk is full or a folder is not ours; tests hand in failing ones. */
export interface Disk {
  open(path: string, flags: string, mode?: number): number;
  write(descriptor: number, bytes: Uint8Array): number;
  sync(descriptor: number): void;
  /** Off the main thread, so that many files are waited for at once. */
  syncLater(descriptor: number): Promise<void>;
  protect(descriptor: number, mode: number): void;
  close(descriptor: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  makeFolder(path: string): void;
}

export const realDisk: Disk = {
  open: openSync,
  write: (descriptor, bytes) => writeSync(descriptor, bytes),
  sync: fsyncSync,
  syncLater: descriptor =>
    new Promise((resolve, reject) => {
      fsync(descriptor, error => (error === null ? resolve() : reject(error)));
    }),
  protect: fchmodSync,
  close: closeSync,
  rename: renameSync,
  remove: unlinkSync,
  makeFolder(path) {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      // Of a read-only file system Node says so only where it makes one folder.
      if (errorCode(error) !== 'ENOENT') throw error;
      mkdirSync(path);
    }
  },
};

export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** No such file, or a part of its path is not a folder. */
export const isAbsent = (error: unknown): boolean => NO_SUCH_FILE.has(errorCode(error) ?? '');

/** A name that no file can have is the name of nothing: libraries ask whether a text is a path. */
const NO_SUCH_FILE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE']);

/** Names in a folder in a fixed order; none where there is no such folder. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort(byCodeUnit);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

let counter = 0;

/** A name that no other process and no earlier call of this one uses. */
export function uniqueName(): string {
  counter += 1;
  return `${process.pid}-${process.hrtime.bigint().toString(36)}-${counter}`;
}

export function writeAll(disk: Disk, descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += disk.write(descriptor, bytes.subarray(done));
}

/** Makes the names in a folder survive a power cut. Windows can not open folders and needs no such thing. */
export function syncFolder(disk: Disk, folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = disk.open(folder, 'r');
  try {
    disk.sync(descriptor);
  } catch (error) {
    passIfUnknown(error);
  } finally {
    disk.close(descriptor);
  }
}

/** The same off the main thread. */
export async function syncFolderLater(disk: Disk, folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const descriptor = disk.open(folder, 'r');
  try {
    await disk.syncLater(descriptor);
  } catch (error) {
    passIfUnknown(error);
  } finally {
    disk.close(descriptor);
  }
}

/** A file system that has no sync of folders says so; whatever else goes wrong is thrown on. */
function passIfUnknown(error: unknown): void {
  if (errorCode(error) !== 'EINVAL') throw error;
}

/** Makes a folder whose name survives a power cut, parents included. */
export function makeDurableFolder(disk: Disk, folder: string): void {
  disk.makeFolder(folder);
  syncFolder(disk, dirname(folder));
}

export interface Replacement {
  readonly disk: Disk;
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Folder of the same file system for the unfinished file. */
  readonly tmp: string;
  readonly mode?: number;
  /** Survive a power cut; otherwise only other processes are thought of. */
  readonly durable: boolean;
  readonly steps: {
    readonly write: Step;
    readonly sync?: Step;
    readonly rename: Step;
    readonly syncFolder?: Step;
  };
}

/** Writes a whole file beside, then puts it in place. Leaves nothing behind when it throws. */
export function replaceFile({ disk, file, bytes, tmp, mode, durable, steps }: Replacement): void {
  const unfinished = join(tmp, `${basename(file)}.${uniqueName()}`);
  atStep(steps.write);
  try {
    const descriptor = disk.open(unfinished, 'wx', mode);
    try {
      writeAll(disk, descriptor, bytes);
      if (steps.sync !== undefined) atStep(steps.sync);
      if (durable) disk.sync(descriptor);
    } finally {
      disk.close(descriptor);
    }
    atStep(steps.rename);
    disk.rename(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  if (steps.syncFolder !== undefined) atStep(steps.syncFolder);
  if (durable) syncFolder(disk, dirname(file));
}

/** The same, durable, and synced off the main thread. @param meanwhile has to be durable too before it is in place */
export async function replaceFileLater(
  { disk, file, bytes, tmp, mode, steps }: Omit<Replacement, 'durable'>,
  meanwhile: Promise<void>,
): Promise<void> {
  const unfinished = join(tmp, `${basename(file)}.${uniqueName()}`);
  // Told of where it is waited for, which is later.
  meanwhile.catch(() => undefined);
  try {
    atStep(steps.write);
    const descriptor = disk.open(unfinished, 'wx', mode);
    try {
      writeAll(disk, descriptor, bytes);
      if (steps.sync !== undefined) atStep(steps.sync);
      await disk.syncLater(descriptor);
    } finally {
      disk.close(descriptor);
    }
    await meanwhile;
    atStep(steps.rename);
    disk.rename(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  if (steps.syncFolder !== undefined) atStep(steps.syncFolder);
  await syncFolderLater(disk, dirname(file));
}

/** Moves a file that can not be believed out of the way, for people to look at. */
export function quarantine(disk: Disk, file: string, folder: string): void {
  atStep('quarantine.rename');
  try {
    disk.makeFolder(folder);
    disk.rename(file, join(folder, `${basename(dirname(file))}${basename(file)}.${uniqueName()}`));
  } catch {
    // Not ours to move: whoever asked treats it as a miss all the same.
  }
}

/** What the file system refused, with what to do. `project` makes paths short. */
export function problemOf(error: unknown, file: string, project: string): Problem {
  const shown = relative(project, file).replaceAll('\\', '/');
  const path = shown === '' || shown.startsWith('..') ? file : shown;
  const code = errorCode(error) ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const what = code === 'ENOSPC' ? 'the disk is full' : 'your disk quota is used up';
    return {
      code: 'disk-full',
      message: `can not write ${path}: ${what}`,
      file: path,
      remedy:
        'free some space, for instance with `dagpy cache gc`, then run again; everything stored so far is kept',
    };
  }
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) {
    const what = code === 'EROFS' ? 'the file system is read-only' : 'no permission';
    return {
      code: 'no-permission',
      message: `can not write ${path}: ${what}`,
      file: path,
      remedy:
        'give yourself write permission to the project folder and its .dagpy, or work in a copy of the project',
    };
  }
  return {
    code: 'store',
    message: `can not write ${path}: ${error instanceof Error ? error.message : String(error)}`,
    file: path,
    remedy: 'check the disk and the folder .dagpy of the project, then run again',
  };
}

/** Runs a body; what the file system throws becomes a `ProblemError` about `file`. Bugs pass as they are. */
export function explaining<Value>(file: string, project: string, body: () => Value): Value {
  try {
    return body();
  } catch (error) {
    throw explained(error, file, project);
  }
}

/** The same for what takes a while. */
export async function explainingLater<Value>(
  file: string,
  project: string,
  body: () => Promise<Value>,
): Promise<Value> {
  try {
    return await body();
  } catch (error) {
    throw explained(error, file, project);
  }
}

function explained(error: unknown, file: string, project: string): unknown {
  if (error instanceof ProblemError || errorCode(error) === undefined) return error;
  return new ProblemError([problemOf(error, file, project)]);
}
