/** Unknown data to a `Trace`, strictly, and what a trace needs to be of use. */
import type { Decoder } from './decode.js';
import {
  DecodeError,
  branded,
  count,
  finite,
  form,
  json,
  list,
  nullable,
  oneOf,
  shape,
  text,
} from './decode.js';
import type { Digest, Key } from './ids.js';
import type {
  AmbientState,
  CellCode,
  Component,
  Dependency,
  Ingredients,
  InputIngredient,
  ObjectRef,
  StoredBuffer,
  Trace,
  VariableFacts,
  Withheld,
  WrittenFile,
} from './trace.js';
import { TRACE_VERSION } from './trace.js';

const HEX_256 = /^[0-9a-f]{64}$/;
export const digest = form<Digest>(HEX_256, 'a digest');
const key = form<Key>(HEX_256, 'a key');
const texts = list(text);

export const decodeObjectRef = shape<ObjectRef>({ digest, size: count });

const buffer = shape<StoredBuffer>(
  { content: digest, size: count },
  { within: shape<NonNullable<StoredBuffer['within']>>({ object: decodeObjectRef, offset: count }) },
);

const decodeBuffer: Decoder<StoredBuffer> = (data, place) => {
  const stored = buffer(data, place);
  if (stored.within !== undefined && !isInside(stored, stored.within.offset, stored.within.object))
    throw new DecodeError(`${place}.within: a part of an object expected`);
  return stored;
};

/** Whether an object is long enough for a part. */
export const isInside = (
  part: Pick<ObjectRef, 'size'>,
  offset: number,
  object: Pick<ObjectRef, 'size'>,
): boolean => offset + part.size <= object.size;

export const decodeVariableFacts = shape<VariableFacts>({
  name: text,
  type: text,
  bytes: finite,
  summary: text,
});

const component = shape<Component>({
  names: texts,
  digest,
  head: decodeObjectRef,
  buffers: list(decodeBuffer),
  lineTables: nullable(decodeObjectRef),
  variables: list(decodeVariableFacts),
  reaches: texts,
  hidden: texts,
});

export const decodeWithheld = shape<Withheld>(
  { name: text, type: text, why: oneOf('filter', 'size', 'opaque'), detail: text },
  { shares: texts, reaches: texts },
);

const dependency = shape<Dependency>(
  {
    kind: oneOf('file', 'folder', 'module', 'package', 'environment', 'ambient'),
    name: text,
    digest: nullable(digest),
  },
  { detail: text },
);

const ingredients = shape<Ingredients>({
  version: count,
  environment: digest,
  uid: branded(),
  seed: nullable(finite),
  cells: list(digest),
  prelude: list(digest),
  inputs: list(shape<InputIngredient>({ name: text, component: digest, sharing: texts })),
  parameters: list(shape<Ingredients['parameters'][number]>({ name: text, value: json })),
  declared: list(
    shape<Ingredients['declared'][number]>({
      kind: oneOf('file', 'environment'),
      name: text,
      digest: nullable(digest),
    }),
  ),
  cwd: text,
});

const written = shape<WrittenFile>({ path: text, digest, size: count, object: nullable(decodeObjectRef) });

const trace = shape<Trace>({
  version: count,
  id: branded(),
  key,
  uid: branded(),
  block: branded(),
  createdAt: finite,
  seconds: finite,
  peakBytes: finite,
  ingredients,
  code: list(shape<CellCode>({ cell: text, source: text })),
  discovered: list(dependency),
  exports: list(component),
  withheld: list(decodeWithheld),
  ambient: list(shape<AmbientState>({ adapter: text, state: decodeObjectRef })),
  display: decodeObjectRef,
  written: list(written),
  appended: texts,
  external: texts,
  untracked: texts,
  imports: texts,
  replayed: list(branded()),
  warnings: texts,
});

/** Throws a `DecodeError`; another version than `TRACE_VERSION` is one. */
export const decodeTrace: Decoder<Trace> = (data, place) => {
  const version =
    typeof data === 'object' && data !== null && 'version' in data
      ? count(data.version, `${place}.version`)
      : -1;
  if (version !== TRACE_VERSION) throw new DecodeError(`${place}: version ${TRACE_VERSION} expected`);
  return trace(data, place);
};

/** The object that holds a buffer's bytes. */
export const objectOf = ({ content, size, within }: StoredBuffer): ObjectRef =>
  within?.object ?? { digest: content, size };

/** Every object that has to be there for a trace to answer; one that holds several buffers is named once. */
export function objectsOf(remembered: Trace): readonly ObjectRef[] {
  const objects = [remembered.display];
  const holders = new Set<Digest>();
  for (const { head, buffers, lineTables } of remembered.exports) {
    objects.push(head);
    for (const buffer of buffers) {
      const object = objectOf(buffer);
      if (!holders.has(object.digest)) objects.push(object);
      holders.add(object.digest);
    }
    if (lineTables !== null) objects.push(lineTables);
  }
  for (const { state } of remembered.ambient) objects.push(state);
  for (const { object } of remembered.written) if (object !== null) objects.push(object);
  return objects;
}
