/** Folders of running jobs below `.dagpy/tmp`, and what crashed runs left there. */
import { readdirSync, renameSync, rm, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../engine/notebookPorts.js';
import { explaining, realDisk, uniqueName } from './store/disk.js';

const PREFIX = 'job-';

export function createScratch(project: string, tmp: string): Scratch {
  const folder = (job: string): string => join(tmp, `${PREFIX}${job}`);
  return {
    open(job) {
      explaining(folder(job), project, () => realDisk.makeFolder(folder(job)));
      return folder(job);
    },
    drop(job) {
      // Out of the way at once, since the job may come again; emptied beside other work.
      const left = folder(`dropped-${uniqueName()}`);
      try {
        renameSync(folder(job), left);
      } catch {
        // It is gone, or somebody holds it.
        return rmSync(folder(job), { recursive: true, force: true });
      }
      // What stays goes with the next clean-up.
      rm(left, { recursive: true, force: true }, () => undefined);
    },
    // Only called under the project's lock, so no other engine's job can be among them.
    clean() {
      let names: readonly string[] = [];
      try {
        names = readdirSync(tmp);
      } catch {
        return;
      }
      for (const name of names)
        if (name.startsWith(PREFIX)) rmSync(join(tmp, name), { recursive: true, force: true });
    },
  };
}
