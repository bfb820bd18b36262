/** Where things lie in `.dagpy` and in the user's own folders. */
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, sep } from 'node:path';
import type { Digest } from '../../protocol/ids.js';
import { problemOf } from './disk.js';
import { ProblemError } from '../../protocol/problem.js';

export interface StoreLayout {
  /** Absolute path of the project. */
  readonly project: string;
  /** Absolute path of its `.dagpy`. */
  readonly root: string;
  readonly objects: string;
  readonly traces: string;
  readonly blocks: string;
  readonly facts: string;
  readonly verdicts: string;
  /** Values adopted from kernels. */
  readonly local: string;
  readonly runs: string;
  readonly tmp: string;
  readonly locks: string;
  readonly quarantine: string;
  /** Copies of files that were replaced by what a block wrote there before, and that a person may have changed. */
  readonly replaced: string;
}

export function storeLayout(project: string): StoreLayout {
  const root = join(project, '.dagpy');
  const below = (name: string): string => join(root, name);
  return {
    project,
    root,
    objects: below('objects'),
    traces: below('traces'),
    blocks: below('blocks'),
    facts: below('facts'),
    verdicts: below('verdicts'),
    local: below('local'),
    runs: below('runs'),
    tmp: below('tmp'),
    locks: below('locks'),
    quarantine: below('quarantine'),
    replaced: below('replaced'),
  };
}

/** Makes the folders that every writer expects. Throws a `ProblemError` where that is not allowed. */
export function prepareStore(layout: StoreLayout): void {
  const ignoreFile = join(layout.root, '.gitignore');
  try {
    refuseLinks(layout);
    for (const folder of [
      layout.objects,
      layout.traces,
      layout.blocks,
      layout.facts,
      layout.runs,
      layout.tmp,
      layout.locks,
    ]) {
      mkdirSync(folder, { recursive: true });
    }
    if (!existsSync(ignoreFile)) writeFileSync(ignoreFile, '*\n');
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw new ProblemError([problemOf(error, layout.root, layout.project)]);
  }
}

/**
 * Keeping house deletes what lies in these folders, and a project that came from elsewhere may hold links to what a
 * person owns. `.dagpy` as a whole may lie on another disk: where a link to it leads, there is a store, or nothing yet.
 */
function refuseLinks({ root, project, ...folders }: StoreLayout): void {
  const isLink = (path: string): boolean =>
    lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const strange = Object.values(folders).find(isLink) ?? (isLink(root) && !isStore(root) ? root : undefined);
  if (strange === undefined) return;
  const shown = relative(project, strange).replaceAll('\\', '/');
  throw new ProblemError([
    {
      code: 'store-link',
      message: `${shown} is a link to another place, where nothing may be written or deleted`,
      file: shown,
      remedy:
        'remove the link; to keep the cache on another disk, let .dagpy itself be a link to an empty folder there',
    },
  ]);
}

function isStore(root: string): boolean {
  try {
    const names = readdirSync(root);
    return names.length === 0 || (names.includes('.gitignore') && names.includes('objects'));
  } catch {
    return false;
  }
}

/** `ab/cdef…` below a folder, so that no folder grows beyond what file systems like. */
export function objectPath(objects: string, digest: Digest): string {
  // A project of a thousand blocks asks for thousands, and `join` takes longer than to look at the file.
  return `${objects}${sep}${digest.slice(0, 2)}${sep}${digest.slice(2)}`;
}

export interface UserFolders {
  /** Holds the cache key. */
  readonly data: string;
  /** Holds stamps. */
  readonly cache: string;
}

export function userFolders(environment: NodeJS.ProcessEnv): UserFolders {
  const home = environment['HOME'] || homedir();
  return {
    data: join(environment['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'dagpy'),
    cache: join(environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'dagpy'),
  };
}
