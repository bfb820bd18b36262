/** Folders of running jobs below `.dagpy/tmp`, and what crashed runs left there. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Scratch } from '../engine/notebookPorts.js';
import { explaining, realDisk } from './store/disk.js';

const PREFIX = 'job-';

export function createScratch(project: string, tmp: string): Scratch {
  const folder = (job: string): string => join(tmp, `${PREFIX}${job}`);
  return {
    open(job) {
      explaining(folder(job), project, () => realDisk.makeFolder(folder(job)));
      return folder(job);
    },
    drop: job => rmSync(folder(job), { recursive: true, force: true }),
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
