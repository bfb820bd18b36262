/**
 * Tells when something happens in folders. Only a hint to look: what changed, the looker finds out by content. Folders
 * that can not be watched (network file systems, too many watches) are left to whoever looks from time to time.
 */
import { watch, type FSWatcher } from 'node:fs';
import { dirname } from 'node:path';

export interface FolderWatch {
  /** Watches these folders and no others; of one that is not there, the nearest above it that is. */
  follow(folders: Iterable<string>): void;
  close(): void;
}

/** Folders of ours, and files that editors make beside the one they save. */
const OURS = /(^|[\\/])\.dagpy([\\/]|$)|\.tmp$|~$|^\.#|^4913$|\.sw[pox]$/;

/** @param happened called for each event, often several times for one change */
export function watchFolders(happened: () => void): FolderWatch {
  const watches = new Map<string, FSWatcher>();
  const open = (folder: string): FSWatcher | undefined => {
    try {
      const watcher = watch(folder, { persistent: true }, (_, name) => {
        if (name === null || !OURS.test(name)) happened();
      });
      watcher.on('error', () => {
        watcher.close();
        watches.delete(folder);
        happened();
      });
      return watcher;
    } catch {
      return undefined;
    }
  };
  const openNearest = (folder: string): void => {
    for (let at = folder; ; at = dirname(at)) {
      if (watches.has(at)) return;
      const watcher = open(at);
      if (watcher !== undefined) {
        watches.set(at, watcher);
        return;
      }
      if (dirname(at) === at) return;
    }
  };
  return {
    follow(folders) {
      const wanted = new Set(folders);
      for (const [folder, watcher] of watches) {
        if (wanted.has(folder)) continue;
        watcher.close();
        watches.delete(folder);
      }
      for (const folder of wanted) openNearest(folder);
    },
    close() {
      for (const watcher of watches.values()) watcher.close();
      watches.clear();
    },
  };
}
