/** Files that blocks wrote: kept aside, put back on a hit. */
import { constants, copyFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ProjectFiles } from '../engine/notebookPorts.js';
import { explaining, realDisk, replaceFile, makeDurableFolder } from './store/disk.js';

export function createProjectFiles(project: string, tmp: string): ProjectFiles {
  return {
    absolute: path => resolve(project, path),
    copy(path, target) {
      return explaining(target, project, () => {
        copyFileSync(resolve(project, path), target, constants.COPYFILE_FICLONE);
        return statSync(target).size;
      });
    },
    keepAside(path, digest) {
      const name = `${digest.slice(0, 16)}-${basename(path)}`;
      const folder = join(dirname(tmp), 'replaced');
      explaining(join(folder, name), project, () => {
        makeDurableFolder(realDisk, folder);
        copyFileSync(resolve(project, path), join(folder, name), constants.COPYFILE_FICLONE);
      });
      return `.dagpy/replaced/${name}`;
    },
    isFile: path => statSync(resolve(project, path), { throwIfNoEntry: false })?.isFile() ?? false,
    replace(path, bytes) {
      const file = resolve(project, path);
      explaining(file, project, () => {
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
      });
    },
  };
}
