/** Checks the form of what Python sends before the engine reads a field of it. */
import * as v from 'valibot';
import type { FromHelper, FromHost, FromWorker } from '../../protocol/workerMessages.js';

const jsonObject = v.custom<{ readonly [key: string]: never }>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
);
const text = v.string();
const texts = v.array(v.string());
const whole = v.number();
const nullableText = v.nullable(v.string());

const blob = v.object({
  file: v.nullable(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,80}$/))),
  size: whole,
  digest: nullableText,
});
const stamp = v.object({ device: text, inode: text, size: whole, mtime: text, ctime: text });
const nullableStamp = v.nullable(stamp);

const output = v.variant('output_type', [
  v.object({ output_type: v.literal('stream'), name: v.picklist(['stdout', 'stderr']), text }),
  v.object({
    output_type: v.literal('display_data'),
    data: jsonObject,
    metadata: jsonObject,
    transient: v.optional(jsonObject),
  }),
  v.object({
    output_type: v.literal('execute_result'),
    data: jsonObject,
    metadata: jsonObject,
    execution_count: v.nullable(whole),
  }),
  v.object({ output_type: v.literal('error'), ename: text, evalue: text, traceback: texts }),
]);

const discoveries = v.object({
  files: v.array(v.object({ path: text, stamp: nullableStamp })),
  folders: v.array(v.object({ path: text, entries: v.nullable(texts) })),
  modules: v.array(v.object({ name: text, path: text, stamp: nullableStamp })),
  environment: v.array(v.object({ name: text, value: nullableText })),
  packages: v.array(v.object({ name: text, version: text, location: text })),
  ambientUsed: texts,
  written: texts,
  external: texts,
  untracked: texts,
  imports: texts,
});

const done = v.object({
  type: v.literal('done'),
  status: v.picklist(['ok', 'error', 'interrupted']),
  error: v.nullable(
    v.object({ ename: text, evalue: text, traceback: texts, block: text, ordinal: whole, line: whole }),
  ),
  components: v.array(
    v.object({
      names: texts,
      head: blob,
      buffers: v.array(blob),
      lineTables: v.nullable(blob),
      variables: v.array(v.object({ name: text, type: text, bytes: whole, summary: text })),
      reaches: texts,
      hidden: texts,
    }),
  ),
  withheld: v.array(
    v.object({ name: text, type: text, why: v.picklist(['filter', 'size', 'opaque']), detail: text }),
  ),
  ambient: v.array(v.object({ adapter: text, state: blob })),
  discoveries,
  widgets: v.nullable(jsonObject),
  warnings: texts,
  seconds: whole,
  peakBytes: whole,
});

const fromWorker = v.variant('type', [
  v.object({ type: v.literal('cellStarted'), ordinal: whole }),
  v.object({ type: v.literal('output'), ordinal: whole, output }),
  v.object({ type: v.literal('clearOutput'), ordinal: whole, wait: v.boolean() }),
  v.object({ type: v.literal('updateDisplay'), displayId: text, data: jsonObject, metadata: jsonObject }),
  v.object({ type: v.literal('cellFinished'), ordinal: whole, ok: v.boolean(), seconds: whole }),
  done,
]);

const fromHost = v.variant('type', [
  v.object({ type: v.literal('ready'), modules: texts, forkSafe: v.boolean(), why: text }),
  v.object({ type: v.literal('forked'), job: text, pid: whole }),
  v.object({ type: v.literal('refused'), job: text, why: text }),
  v.object({
    type: v.literal('exited'),
    job: text,
    pid: whole,
    code: v.nullable(whole),
    signal: v.nullable(whole),
    peakBytes: whole,
  }),
]);

// The facts themselves are decoded where their digest is made, by the decoder that also reads them back from the store.
const cellFacts = v.looseObject({ canonical: text });

const fromHelper = v.object({ type: v.literal('facts'), request: whole, cells: v.array(cellFacts) });

/** A peer that breaks the protocol: a bug or a version of our own that does not belong together. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

function decode<Schema extends v.GenericSchema>(
  schema: Schema,
  message: unknown,
  from: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, message);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw new ProtocolError(
    `${from} sent a message that is not understood: ${v.getDotPath(issue) ?? 'message'}: ${issue.message}`,
  );
}

export const decodeFromWorker = (message: unknown): FromWorker =>
  decode(fromWorker, message, 'worker') as FromWorker;
export const decodeFromHost = (message: unknown): FromHost => decode(fromHost, message, 'host');
export const decodeFromHelper = (message: unknown): FromHelper =>
  decode(fromHelper, message, 'helper') as unknown as FromHelper;
