/** Puts back files that a block wrote and that others changed or removed since. Nothing that a person wrote is lost. */
import type { Trace } from '../protocol/trace.js';
import type { LoadedBlock } from './loadProject.js';
import type { ProjectPorts, RunSink } from './ports.js';

/**
 * @param origin `executed`: right now, so that what differs in its files came from others since
 * @returns `false`: a stored one is damaged
 */
export function putBackFiles(
  ports: ProjectPorts,
  sink: RunSink,
  block: LoadedBlock,
  trace: Trace,
  origin: 'stored' | 'executed',
): boolean {
  const { unfinished, last, shown } = ports.memory.read(block.snapshot.uid);
  const isUnfinished = origin === 'stored' && unfinished === true;
  // What is known of its latest run is damaged or gone, so nobody can tell its files from those of a person.
  const isForgotten = origin === 'stored' && (last === null || (shown !== null && shown !== last.id));
  for (const file of trace.written) {
    if (file.object === null) continue;
    const now = ports.world.observe('file', file.path);
    if (now === file.digest) continue;
    const isForeign = now !== null && !isOwnVersion(ports, trace, file.path, now);
    // A log that many append to is nobody's to put back.
    const wasBroken = (isUnfinished || isForgotten) && !trace.appended.includes(file.path);
    if (isForeign && !wasBroken) {
      sink.emit({
        event: 'note',
        level: 'warning',
        block: trace.block,
        message: `${file.path} was changed by hand and is left as it is; delete it and run again to have the block's own version back`,
      });
      continue;
    }
    const bytes = ports.objects.read(file.object);
    if (bytes === undefined) return false;
    if (isForeign) {
      // Most likely half-made by the run that failed or was killed; if a person wrote it, it is not lost.
      const aside = ports.files.keepAside(file.path, now);
      sink.emit({
        event: 'note',
        level: 'warning',
        block: trace.block,
        message: `${file.path} is as ${isUnfinished ? 'an unfinished run' : 'a run that nothing is known of any more'} left it, or was changed since; the block's own version is put back, and what was there is kept as ${aside}`,
      });
    }
    ports.files.replace(file.path, bytes);
  }
  return true;
}

/** Whether the file has the content that some remembered run of the same block gave it, and not a person. */
function isOwnVersion(ports: ProjectPorts, trace: Trace, path: string, digest: string): boolean {
  const memory = ports.memory.read(trace.uid);
  const others = [
    trace,
    ...(memory.last === null ? [] : [memory.last, ...ports.traces.read(memory.last.key)]),
    ...ports.traces.read(trace.key),
  ];
  return others.some(other => other.written.some(file => file.path === path && file.digest === digest));
}
