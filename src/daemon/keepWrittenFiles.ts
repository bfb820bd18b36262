/** A file that another block turned out to read has to be restorable: its content is stored with its writer's trace. */
import { join } from 'node:path';
import type { BlockId } from '../protocol/ids.js';
import { blockOf } from './jobSpec.js';
import type { LoadedProject } from './loadProject.js';
import type { ProjectPorts } from './ports.js';

export async function keepWrittenFiles(
  ports: ProjectPorts,
  loaded: LoadedProject,
  files: readonly { readonly block: BlockId; readonly path: string }[],
): Promise<void> {
  for (const { block, path } of files) {
    const { uid } = blockOf(loaded, block).snapshot;
    // Read anew: the snapshot was taken before this run.
    const { last } = ports.memory.read(uid);
    const file = last?.written.find(each => each.path === path);
    if (last === null || file === undefined || file.object !== null) continue;
    if (ports.world.observe('file', path) !== file.digest) continue;
    const job = `keep-${last.id}`;
    try {
      const copy = join(ports.scratch.open(job), 'file');
      const size = ports.files.copy(path, copy);
      const [object] = await ports.objects.commit([{ source: { file: copy }, digest: null, size }]);
      // Changed between the look and the copy: then it is another file than the one the trace tells of.
      if (object === undefined || object.digest !== file.digest) continue;
      const written = last.written.map(each => (each.path === path ? { ...each, size, object } : each));
      await ports.traces.add({ ...last, written });
    } finally {
      ports.scratch.drop(job);
    }
  }
}
