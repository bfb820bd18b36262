/** Checks the form of what Python sends before the engine reads a field of it. */
import {
  DecodeError,
  count,
  finite,
  flag,
  form,
  list,
  nullable,
  oneOf,
  shape,
  text,
  variant,
  type Decoder,
} from '../../protocol/decode.js';
import type { AnalysedCell } from '../../protocol/cellFacts.js';
import type { CellOutput, JsonObject } from '../../protocol/outputs.js';
import { decodeVariableFacts, decodeWithheld, digest, isInside } from '../../protocol/traceCodec.js';
import type {
  Begun,
  BlobRef,
  BufferPart,
  BufferRef,
  Discoveries,
  FileStamp,
  FromHelper,
  FromHost,
  FromWorker,
  JobResult,
  StoredComponent,
  Unfit,
  WholeBuffer,
  WorkerError,
} from '../../protocol/workerMessages.js';

/** A peer that breaks the protocol: a bug or a version of our own that does not belong together. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const texts = list(text);
/** As in notebooks that are read: what walks through outputs, and other programs that read the file, stay well. */
const DEEPEST = 400;
/** Data of the user's, kept as it comes. */
const object: Decoder<JsonObject> = (data, place) => {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    throw new DecodeError(`${place}: an object expected`);
  if (isDeeper(data, DEEPEST)) throw new DecodeError(`${place}: nested more than ${DEEPEST} deep`);
  return data as JsonObject;
};

function isDeeper(data: object, limit: number): boolean {
  if (limit === 0) return true;
  const items: readonly unknown[] = Object.values(data);
  return items.some(item => typeof item === 'object' && item !== null && isDeeper(item, limit - 1));
}
const tagged = <const Tag extends string>(tag: Tag) => oneOf(tag);

const output = variant<'output_type', CellOutput>('output_type', {
  stream: shape({ output_type: tagged('stream'), name: oneOf('stdout', 'stderr'), text }),
  display_data: shape(
    { output_type: tagged('display_data'), data: object, metadata: object },
    { transient: object },
  ),
  execute_result: shape({
    output_type: tagged('execute_result'),
    data: object,
    metadata: object,
    execution_count: nullable(count),
  }),
  error: shape({ output_type: tagged('error'), ename: text, evalue: text, traceback: texts }),
});

// A name inside the scratch folder, so nothing that leads out of it.
const file = nullable(form(/^[A-Za-z0-9._-]{1,80}$/, 'a file name'));
const blob = shape<BlobRef>({ file, size: count, digest: nullable(text) });
const nothing: Decoder<null> = (data, place) => {
  if (data !== null) throw new DecodeError(`${place}: nothing expected`);
  return null;
};
const wholeBuffer = shape<WholeBuffer>({ file, size: count, digest: nullable(text), within: nothing });
const bufferPart = shape<BufferPart>({
  file: nothing,
  size: count,
  digest,
  within: shape<BufferPart['within']>({ digest, size: count, offset: count }),
});
const bufferRef: Decoder<BufferRef> = (data, place) => {
  if (object(data, place)['within'] === null) return wholeBuffer(data, place);
  const part = bufferPart(data, place);
  if (!isInside(part, part.within.offset, part.within))
    throw new DecodeError(`${place}.within: a part of an object expected`);
  return part;
};
const stamp = nullable(
  shape<FileStamp>({ device: text, inode: text, size: count, mtime: text, ctime: text }),
);

const discoveries = shape<Discoveries>({
  files: list(shape<Discoveries['files'][number]>({ path: text, stamp })),
  folders: list(shape<Discoveries['folders'][number]>({ path: text, entries: nullable(texts) })),
  modules: list(shape<Discoveries['modules'][number]>({ name: text, path: text, stamp })),
  environment: list(shape<Discoveries['environment'][number]>({ name: text, value: nullable(text) })),
  packages: list(shape<Discoveries['packages'][number]>({ name: text, version: text, location: text })),
  ambientUsed: texts,
  written: texts,
  writtenBefore: texts,
  appended: texts,
  external: texts,
  untracked: texts,
  imports: texts,
});

export const decodeStoredComponent = shape<StoredComponent>({
  names: texts,
  head: blob,
  buffers: list(bufferRef),
  lineTables: nullable(blob),
  variables: list(decodeVariableFacts),
  reaches: texts,
  hidden: texts,
});

const done = shape<JobResult>({
  type: tagged('done'),
  status: oneOf('ok', 'error', 'interrupted'),
  error: nullable(
    shape<WorkerError>({
      ename: text,
      evalue: text,
      traceback: texts,
      block: text,
      ordinal: finite,
      line: finite,
    }),
  ),
  components: list(decodeStoredComponent),
  withheld: list(decodeWithheld),
  ambient: list(shape<JobResult['ambient'][number]>({ adapter: text, state: blob })),
  discoveries,
  widgets: nullable(object),
  warnings: texts,
  seconds: finite,
  peakBytes: finite,
  held: flag,
});

const fromWorker = variant<'type', FromWorker | Unfit | Begun>('type', {
  begun: shape({ type: tagged('begun') }),
  unfit: shape({ type: tagged('unfit'), why: oneOf('outdated', 'shadowed') }),
  replaying: shape({ type: tagged('replaying'), block: text }),
  cellStarted: shape({ type: tagged('cellStarted'), ordinal: finite }),
  output: shape({ type: tagged('output'), ordinal: finite, output }),
  clearOutput: shape({ type: tagged('clearOutput'), ordinal: finite, wait: flag }),
  updateDisplay: shape({
    type: tagged('updateDisplay'),
    displayId: text,
    data: object,
    metadata: object,
  }),
  cellFinished: shape({ type: tagged('cellFinished'), ordinal: finite, ok: flag, seconds: finite }),
  done,
});

const fromHost = variant<'type', FromHost>('type', {
  ready: shape({ type: tagged('ready'), modules: texts, forkSafe: flag, why: text }),
  forked: shape({ type: tagged('forked'), job: text, pid: count }),
  refused: shape({ type: tagged('refused'), job: text, why: text }),
  exited: shape({
    type: tagged('exited'),
    job: text,
    pid: count,
    code: nullable(finite),
    signal: nullable(finite),
    peakBytes: finite,
  }),
});

// The facts themselves are decoded where their digest is made, by the decoder that also reads them back from the store.
const analysedCell: Decoder<AnalysedCell> = (data, place) => {
  text(object(data, place)['canonical'], `${place}.canonical`);
  return data as AnalysedCell;
};
const fromHelper = shape<FromHelper>({ type: tagged('facts'), request: count, cells: list(analysedCell) });

function decoding<Message>(decoder: Decoder<Message>, from: string): (message: unknown) => Message {
  return message => {
    try {
      return decoder(message, 'message');
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw new ProtocolError(`${from} sent a message that is not understood: ${error.message}`);
    }
  };
}

export const decodeFromWorker = decoding(fromWorker, 'worker');
export const decodeFromHost = decoding(fromHost, 'host');
export const decodeFromHelper = decoding(fromHelper, 'helper');
