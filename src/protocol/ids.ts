/** Branded identifiers: a plain string can not be passed where one of these is asked for. */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Name of a block in `dag.json`. */
export type BlockId = Branded<'BlockId'>;
/** Permanent identity of a block, kept in its notebook's `metadata.dagpy.uid` and by renames. */
export type Uid = Branded<'Uid'>;
/** Blake3-256 as 64 lower-case hexadecimal digits. */
export type Digest = Branded<'Digest'>;
/** Digest of everything that is known before a block runs. */
export type Key = Branded<'Key'>;
/** One remembered execution under a key. */
export type TraceId = Branded<'TraceId'>;
/** One call of `run`. */
export type RunId = Branded<'RunId'>;

export const blockId = (text: string): BlockId => text as BlockId;
export const uid = (text: string): Uid => text as Uid;
export const traceId = (text: string): TraceId => text as TraceId;
export const runId = (text: string): RunId => text as RunId;
export const keyOf = (digest: Digest): Key => digest as string as Key;

const HEX_256 = /^[0-9a-f]{64}$/;

/** Takes a string for a digest after checking its form, since digests become file names. */
export function asDigest(text: string): Digest | undefined {
  return HEX_256.test(text) ? (text as Digest) : undefined;
}

/** Order of UTF-16 code units: the same on every machine, unlike the order of a locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
