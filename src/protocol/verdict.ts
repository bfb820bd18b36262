/**
 * That a call to run had nothing to do, and all that was looked at to find this out. As long as each thing looks the
 * same, so does the answer, and nobody has to judge the project again. Judging is pure, so this is as exact as it.
 */
import {
  branded,
  count,
  DecodeError,
  finite,
  form,
  list,
  nullable,
  oneOf,
  shape,
  text,
  type Decoder,
} from './decode.js';
import type { Digest } from './ids.js';
import type { Dependency, ObjectRef } from './trace.js';

/** Raise it when judging looks at something that is not noted here. */
export const VERDICT_VERSION = 3;

/** How something of the outside looked; `null`: absent. */
export interface Sight {
  readonly kind: Exclude<Dependency['kind'], 'ambient'>;
  readonly name: string;
  readonly digest: Digest | null;
}

/** A declared glob and what it expanded to. */
export interface Expansion {
  readonly glob: string;
  readonly paths: readonly string[];
}

/** What judging saw of the outside. */
export interface Seen {
  readonly sights: readonly Sight[];
  readonly expansions: readonly Expansion[];
  /** Objects that were there. */
  readonly objects: readonly ObjectRef[];
}

/**
 * Files that can be told by their stamps, as two texts with an entry a line: a project of a thousand blocks has
 * thousands, and as lists of records they would take longer to decode than to look at.
 */
export interface StampedFiles {
  readonly names: string;
  readonly stamps: string;
}

/** Objects that were there, in the same form. */
export interface StoredObjects {
  readonly digests: string;
  /** Bytes. */
  readonly sizes: string;
}

export interface Verdict extends Omit<Seen, 'objects'> {
  readonly version: number;
  /** Everything of the call that the answer depends on. */
  readonly asked: Digest;
  /** Name of the kernel in dag.json, and the digest of what it stood for. */
  readonly kernel: string;
  readonly environment: Digest;
  readonly target: readonly string[];
  /** Blocks that were found fresh, with the seconds that this saved. */
  readonly fresh: readonly KeptBlock[];
  /** The others are among `sights`. */
  readonly stamped: StampedFiles;
  readonly stored: StoredObjects;
}

export interface KeptBlock {
  readonly block: string;
  readonly savedSeconds: number;
}

const digest = form<Digest>(/^[0-9a-f]{64}$/, 'a digest');
const decodeFields = shape<Verdict>({
  version: count,
  asked: digest,
  kernel: text,
  environment: digest,
  target: list(text),
  fresh: list(shape<KeptBlock>({ block: branded(), savedSeconds: finite })),
  sights: list(
    shape<Sight>({
      kind: oneOf('file', 'folder', 'module', 'package', 'environment'),
      name: text,
      digest: nullable(digest),
    }),
  ),
  expansions: list(shape<Expansion>({ glob: text, paths: list(text) })),
  stamped: shape<StampedFiles>({ names: text, stamps: text }),
  stored: shape<StoredObjects>({ digests: text, sizes: text }),
});

/** Throws a `DecodeError`; another version than `VERDICT_VERSION` is one. */
export const decodeVerdict: Decoder<Verdict> = (data, place) => {
  const verdict = decodeFields(data, place);
  if (verdict.version !== VERDICT_VERSION)
    throw new DecodeError(`${place}: version ${VERDICT_VERSION} expected`);
  return verdict;
};
