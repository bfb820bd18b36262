/** Files that blocks wrote: kept aside, put back on a hit. */
import { constants, copyFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ProjectFiles } from '../engine/notebookPorts.js';
import { realDisk, replaceFile, makeDurableFolder } from './store/disk.js';

export function createProjectFiles(project: string, tmp: string): ProjectFiles {
  return {
    absolute: path => resolve(project, path),
    copy(path, target) {
      copyFileSync(resolve(project, path), target, constants.COPYFILE_FICLONE);
      return statSync(target).size;
    },
    isFile: path => statSync(resolve(project, path), { throwIfNoEntry: false })?.isFile() ?? false,
    replace(path, bytes) {
      const file = resolve(project, path);
      makeDurableFolder(realDisk, dirname(file));
      replaceFile({
        disk: realDisk,
        file,
        bytes,
        tmp,
        mode: 0o644,
        durable: true,
        steps: { write: 'outputs.write', rename: 'outputs.rename' },
      });
    },
  };
}
