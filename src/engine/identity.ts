/**
 * Permanent identities of blocks. A notebook carries its own, so a renamed block keeps its results and its random seed.
 * One that has none gets the one that its name stands for, and a copied notebook one of its own; both are written into
 * the file at the next run.
 */
import type { BlockId, Digest, Uid } from '../protocol/ids.js';
import { uid as asUid } from '../protocol/ids.js';

const DIGITS = 16;

/** The identity that a name stands for, so that the same steps give the same project. */
export function derivedUid(name: string, digest: (text: string) => Digest): Uid {
  return asUid(digest(`dagpy block ${name}`).slice(0, DIGITS));
}

/** The one of a name, or where another block has it, of the name with a number. */
export function freeUid(name: string, taken: ReadonlySet<string>, digest: (text: string) => Digest): Uid {
  for (let number = 1; ; number += 1) {
    const uid = derivedUid(number === 1 ? name : `${name} ${String(number)}`, digest);
    if (!taken.has(uid)) return uid;
  }
}

export interface Identified {
  readonly id: BlockId;
  /** As its notebook has it. */
  readonly uid: Uid | undefined;
}

/**
 * @param blocks in notebook order
 * @param ranAs name of the block that an identity last ran as: of several notebooks that carry it, the original
 */
export function assignUids(
  blocks: readonly Identified[],
  digest: (text: string) => Digest,
  ranAs: (uid: Uid) => string | undefined,
): ReadonlyMap<BlockId, Uid> {
  const claims = new Map<Uid, BlockId[]>();
  for (const { id, uid } of blocks) if (uid !== undefined) claims.set(uid, [...(claims.get(uid) ?? []), id]);
  const uids = new Map<BlockId, Uid>();
  for (const [uid, ids] of claims) {
    const [first] = ids;
    const original =
      ids.length === 1
        ? first
        : (ids.find(id => id === ranAs(uid)) ?? ids.find(id => derivedUid(id, digest) === uid) ?? first);
    if (original !== undefined) uids.set(original, uid);
  }
  const taken = new Set<string>(claims.keys());
  const assigned = new Map<BlockId, Uid>();
  for (const { id } of blocks) {
    const uid = uids.get(id) ?? freeUid(id, taken, digest);
    taken.add(uid);
    assigned.set(id, uid);
  }
  return assigned;
}
