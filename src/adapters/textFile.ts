/** Reading and replacing text files that people own: nothing is lost, nothing changed elsewhere is overwritten. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { realDisk, syncFolder, syncFolderLater, uniqueName } from './store/disk.js';

/** Identity of a file's content as the file system tells it; equal stamps, equal content. */
export type TextStamp = string;

export interface TextFile {
  readonly text: string;
  readonly stamp: TextStamp;
}

/** Stamp of what is at `path`, links followed; `null`: nothing. */
export function stampOf(path: string): TextStamp | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(':') : null;
}

/**
 * Reads UTF-8; a byte-order mark and line ends stay in the text.
 * @param shown how problems name the file
 * @param largest bytes
 */
export function readTextFile(path: string, shown: string, largest: number): Result<TextFile> {
  try {
    const stamp = stampOf(path);
    if (stamp === null) {
      return failure({
        code: 'file-missing',
        message: `${shown} does not exist`,
        file: shown,
        remedy: 'create it, or correct the path',
      });
    }
    const { size } = statSync(path);
    if (size > largest) {
      const message = `${shown} has ${size} bytes, more than the limit of ${largest}`;
      return failure({ code: 'file-too-large', message, file: shown, remedy: 'make it smaller' });
    }
    const bytes = readFileSync(path);
    // Changed while it was being read: the newer stamp would vouch for the older text.
    if (afterSave(path) || stampOf(path) !== stamp) return readTextFile(path, shown, largest);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return success({ text, stamp });
  } catch (error) {
    return failure(readProblem(error, shown));
  }
}

/** Milliseconds that a save of Jupyter is waited for; one that takes longer was cut off. */
const LONGEST_SAVE = 2000;
const PAUSE = 5;

/**
 * Jupyter saves in place: for some milliseconds a file is empty or cut, and its old content lies beside it. Waits until
 * that is over.
 * @returns whether there was such a save
 */
function afterSave(path: string): boolean {
  const beside = join(dirname(path), `.~${basename(path)}`);
  for (let waited = 0; ; waited += PAUSE) {
    const stat = statSync(beside, { throwIfNoEntry: false });
    if (stat === undefined) return waited > 0;
    // Left behind by a server that was killed.
    if (waited >= LONGEST_SAVE || Date.now() - stat.ctimeMs > LONGEST_SAVE) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
}

/** Whether a file holds exactly this text. */
export function isText(path: string, text: string): boolean {
  try {
    return readFileSync(path).equals(Buffer.from(text));
  } catch {
    return false;
  }
}

function readProblem(error: unknown, shown: string): Problem {
  if (error instanceof TypeError) {
    return {
      code: 'not-utf8',
      message: `${shown} is not UTF-8 text`,
      file: shown,
      remedy: 'save it as UTF-8',
    };
  }
  return fileProblem(error, shown, 'read');
}

/** What a person can do about a failed system call. */
export function fileProblem(error: unknown, shown: string, doing: 'read' | 'write'): Problem {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const known: Readonly<Record<string, readonly [code: string, what: string, remedy: string]>> = {
    ENOENT: ['file-missing', 'does not exist', 'create it, or correct the path'],
    EISDIR: ['not-a-file', 'is a folder', 'name a file'],
    ENOTDIR: ['file-missing', 'does not exist: a part of its path is a file', 'correct the path'],
    EACCES: [
      'no-permission',
      `may not be ${doing === 'read' ? 'read' : 'written'}`,
      'give yourself the permission on the file and its folder',
    ],
    EPERM: [
      'no-permission',
      `may not be ${doing === 'read' ? 'read' : 'written'}`,
      'give yourself the permission on the file and its folder',
    ],
    EROFS: ['no-permission', 'lies on a read-only file system', 'make it writable, or move the project'],
    ENOSPC: [
      'disk-full',
      'can not be written: the disk is full',
      'free some space and try again; the file is as it was',
    ],
    EDQUOT: [
      'disk-full',
      'can not be written: your quota is used up',
      'free some space and try again; the file is as it was',
    ],
    ELOOP: ['file-missing', 'is a link that leads in a circle', 'correct the link'],
    ENAMETOOLONG: ['file-missing', 'has a name that is too long', 'shorten it'],
  };
  if (code === '') throw error;
  const [name, what, remedy] = known[code] ?? [
    `${doing}-failed`,
    `can not be ${doing === 'read' ? 'read' : 'written'} (${code})`,
    'see the system message',
  ];
  return { code: name, message: `${shown} ${what}`, file: shown, remedy };
}

/**
 * Puts new content in place of a file at once: a reader sees the old or the new, also after a crash.
 * Links are followed, mode and owner kept.
 * @param expected stamp of what was read (`null`: nothing was there); if the file is another one by now, nothing is
 *   written and the problem `file-changed` asks the caller to read again
 * @returns stamp of the new file
 */
export function replaceTextFile(
  path: string,
  content: string | Uint8Array,
  expected: TextStamp | null,
  shown: string,
): Result<TextStamp> {
  let beside: Beside | undefined;
  try {
    beside = openBeside(path);
    try {
      writeFileSync(beside.handle, content);
      fsyncSync(beside.handle);
    } finally {
      closeSync(beside.handle);
    }
    const placed = putInPlace(beside, path, expected, shown);
    if (placed.ok) syncFolder(realDisk, dirname(beside.target));
    return placed;
  } catch (error) {
    return notWritten(beside, error, shown);
  }
}

/** Files that are being synced: a process that leaves meanwhile takes them along. */
const unfinished = new Set<string>();
const removeUnfinished = (): void => {
  for (const file of unfinished) rmSync(file, { force: true });
};

/** The same, synced off the main thread. */
export async function replaceTextFileLater(
  path: string,
  content: string | Uint8Array,
  expected: TextStamp | null,
  shown: string,
): Promise<Result<TextStamp>> {
  let beside: Beside | undefined;
  try {
    beside = openBeside(path);
    if (unfinished.add(beside.temporary).size === 1) process.on('exit', removeUnfinished);
    try {
      writeFileSync(beside.handle, content);
      await realDisk.syncLater(beside.handle);
    } finally {
      closeSync(beside.handle);
    }
    const placed = putInPlace(beside, path, expected, shown);
    if (placed.ok) await syncFolderLater(realDisk, dirname(beside.target));
    return placed;
  } catch (error) {
    return notWritten(beside, error, shown);
  } finally {
    if (beside !== undefined && unfinished.delete(beside.temporary) && unfinished.size === 0)
      process.off('exit', removeUnfinished);
  }
}

/** A new file beside the one that it is going to replace. */
interface Beside {
  readonly handle: number;
  readonly temporary: string;
  /** What is replaced, links followed. */
  readonly target: string;
  readonly before: Stats | undefined;
}

function openBeside(path: string): Beside {
  const before = statSync(path, { throwIfNoEntry: false });
  const target = before ? realpathSync(path) : path;
  const mode = before ? before.mode & 0o7777 : 0o666;
  const temporary = join(dirname(target), `.${basename(target)}.${uniqueName()}.tmp`);
  return { handle: openSync(temporary, 'wx', mode), temporary, target, before };
}

/** The rename, if the file is still the one that was read. */
function putInPlace(
  { temporary, target, before }: Beside,
  path: string,
  expected: TextStamp | null,
  shown: string,
): Result<TextStamp> {
  if (before) keepMode(temporary, before);
  // What is being written in place would go with the file that it is written into.
  afterSave(target);
  // The moment between this look and the rename can not be closed; editors that write in place have it too.
  if (stampOf(path) !== expected) {
    rmSync(temporary, { force: true });
    return failure({
      code: 'file-changed',
      message: `${shown} was changed by someone else meanwhile`,
      file: shown,
      remedy: 'try again',
    });
  }
  renameSync(temporary, target);
  return success(stampOf(target) ?? '');
}

/** What went wrong, with nothing left beside; after the rename there is nothing to remove. */
function notWritten(beside: Beside | undefined, error: unknown, shown: string): Result<never> {
  if (beside !== undefined) rmSync(beside.temporary, { force: true });
  return failure(fileProblem(error, shown, 'write'));
}

function keepMode(path: string, before: Stats): void {
  try {
    const now = statSync(path);
    if (now.uid !== before.uid || now.gid !== before.gid) chownSync(path, before.uid, before.gid);
  } catch {
    // Only root may give files away; the content matters more than the owner.
  }
  // After chown, which clears set-id bits; also undoes the umask.
  chmodSync(path, before.mode & 0o7777);
}

/** Carries out at once what writes files. Whoever hands one in knows what was there right before and right after. */
export type Writing = <Value>(write: () => Value) => Value;

export const plainly: Writing = write => write();
