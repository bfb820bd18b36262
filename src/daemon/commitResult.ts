/** From what a worker handed in to a trace, and when its objects are safe: nothing is remembered before its bytes are. */
import { join } from 'node:path';
import { asDigest, traceId, type Digest } from '../protocol/ids.js';
import type { Display } from '../protocol/outputs.js';
import {
  TRACE_VERSION,
  type Component,
  type Dependency,
  type ObjectRef,
  type StoredBuffer,
  type Trace,
  type WrittenFile,
} from '../protocol/trace.js';
import type { BlobRef, BufferRef, JobResult } from '../protocol/workerMessages.js';
import type { Hasher } from '../engine/ports.js';
import type { NewObject } from '../engine/storePorts.js';
import { encodeDisplay } from './display.js';
import { relativeInside } from './fileUse.js';
import type { ProjectPorts } from './ports.js';

/** What is known of an execution besides its result. */
export interface Execution {
  readonly identity: Pick<Trace, 'key' | 'uid' | 'block' | 'ingredients' | 'code' | 'replayed'>;
  readonly scratch: string;
  readonly display: Display;
  readonly discovered: readonly Dependency[];
  /** Files it wrote, as dependencies name files; `keep`: their content is stored too. */
  readonly written: readonly { readonly path: string; readonly keep: boolean }[];
}

export interface Committed {
  readonly trace: Trace;
  /** Resolves when the trace may be stored. Rejects with a `ProblemError` when it must not be. */
  readonly durable: Promise<void>;
}

export async function commitResult(
  ports: ProjectPorts,
  execution: Execution,
  result: JobResult,
): Promise<Committed> {
  const { scratch } = execution;
  const batch: NewObject[] = [];
  const place = (object: NewObject): number => batch.push(object) - 1;
  const blob = (ref: BlobRef): number => place(newObject(scratch, ref));

  const components = result.components.map(component => ({
    component,
    head: blob(component.head),
    buffers: component.buffers.map(buffer => ({ buffer, index: place(bufferObject(scratch, buffer)) })),
    lineTables: component.lineTables === null ? null : blob(component.lineTables),
  }));
  const ambient = result.ambient.map(({ adapter, state }) => ({ adapter, state: blob(state) }));
  const shown = encodeDisplay(execution.display);
  const display = place({ source: { bytes: shown }, digest: null, size: shown.length });
  const written = execution.written.flatMap((file, index) =>
    writtenFile(ports, file, join(scratch, `written-${String(index)}`), place),
  );

  const { refs, durable } = await ports.objects.admit(batch);
  const at = (index: number): ObjectRef => {
    const ref = refs[index];
    if (ref === undefined) throw new Error('the object store left out an object');
    return ref;
  };
  const now = ports.clock.now();
  const trace: Trace = {
    version: TRACE_VERSION,
    ...execution.identity,
    id: traceId(
      ports.hasher.digest(`trace ${execution.identity.key} ${String(now)} ${scratch}`).slice(0, 32),
    ),
    createdAt: now,
    seconds: result.seconds,
    peakBytes: result.peakBytes,
    discovered: execution.discovered,
    exports: components.map(({ component, head, buffers, lineTables }): Component => {
      const stored = {
        head: at(head),
        buffers: buffers.map(({ buffer, index }) => storedBuffer(buffer, at(index))),
      };
      return {
        ...stored,
        names: component.names,
        digest: componentDigest(ports.hasher, component.names, stored.head, stored.buffers),
        lineTables: lineTables === null ? null : at(lineTables),
        variables: component.variables,
        reaches: component.reaches,
        hidden: component.hidden,
      };
    }),
    withheld: result.withheld,
    ambient: ambient.map(({ adapter, state }) => ({ adapter, state: at(state) })),
    display: at(display),
    written: written.map(({ file, object }): WrittenFile => ({
      ...file,
      object: object === null ? null : at(object),
    })),
    appended: result.discoveries.appended.map(path => relativeInside(ports.folder, path)),
    external: result.discoveries.external,
    untracked: result.discoveries.untracked,
    imports: result.discoveries.imports,
    warnings: result.warnings,
  };
  return { trace, durable };
}

/** The names are part of it: which variables share objects is a property of the value. */
export function componentDigest(
  hasher: Hasher,
  names: readonly string[],
  head: ObjectRef,
  buffers: readonly StoredBuffer[],
): Digest {
  const contents = [{ content: head.digest, size: head.size }, ...buffers];
  const framed = [...names, ...contents.map(({ content, size }) => `${content} ${String(size)}`)];
  return hasher.digest(
    `component ${String(names.length)}\n${framed.map(part => `${String(part.length)}:${part}`).join('')}`,
  );
}

function newObject(scratch: string, ref: BlobRef): NewObject {
  const digest = ref.digest === null ? null : (asDigest(ref.digest) ?? null);
  if (ref.file === null) return { source: 'stored', digest, size: ref.size };
  return { source: { file: join(scratch, ref.file) }, digest, size: ref.size };
}

/** A part of an object is there when all of the object is, also where that comes along. */
const bufferObject = (scratch: string, buffer: BufferRef): NewObject =>
  buffer.within === null
    ? newObject(scratch, buffer)
    : { source: 'stored', digest: buffer.within.digest, size: buffer.within.size };

const storedBuffer = (buffer: BufferRef, object: ObjectRef): StoredBuffer =>
  buffer.within === null
    ? { content: object.digest, size: object.size }
    : { content: buffer.digest, size: buffer.size, within: { object, offset: buffer.within.offset } };

function writtenFile(
  ports: ProjectPorts,
  { path, keep }: Execution['written'][number],
  copy: string,
  place: (object: NewObject) => number,
): readonly { readonly file: Omit<WrittenFile, 'object'>; readonly object: number | null }[] {
  const digest = ports.world.observe('file', path);
  // Written and deleted again, or a folder: nothing to restore.
  if (digest === null) return [];
  if (!keep) return [{ file: { path, digest, size: 0 }, object: null }];
  const size = ports.files.copy(path, copy);
  return [{ file: { path, digest, size }, object: place({ source: { file: copy }, digest: null, size }) }];
}
