/**
 * What a process that stays has read of files, by their stamps: a file that was not touched is not read again. As with
 * stamps that vouch for digests, one that was touched at about the time it was read is not believed the next time.
 */
import { statSync } from 'node:fs';
import type { Digest } from '../../protocol/ids.js';
import { isSettled, stampOf } from './stamps.js';

interface Stamped {
  /** Empty: nothing is there, or nobody may see it. */
  readonly stamp: string;
  readonly isSettled: boolean;
}

function stampAt(path: string): Stamped {
  try {
    const stats = statSync(path, { bigint: true });
    return { stamp: stampOf(stats), isSettled: isSettled(stats, Date.now()) };
  } catch {
    return { stamp: '', isSettled: true };
  }
}

export class KeptReads<Value> {
  /** How many files were read so far. */
  count = 0;
  private readonly known = new Map<
    string,
    { readonly stamp: string; readonly value: Value; readonly weight: number }
  >();
  private weight = 0;

  /** @param limit what does not fit any more is read each time */
  constructor(private readonly limit?: { readonly most: number; weigh(value: Value): number }) {}

  read(path: string, read: () => Value): Value {
    const before = stampAt(path);
    const known = this.known.get(path);
    if (known !== undefined && known.stamp === before.stamp) return known.value;
    this.forget(path);
    if (before.stamp === '') return read();
    this.count += 1;
    const value = read();
    const weight = this.limit?.weigh(value) ?? 0;
    const fits = this.limit === undefined || this.weight + weight <= this.limit.most;
    if (before.isSettled && fits && stampAt(path).stamp === before.stamp) {
      this.known.set(path, { stamp: before.stamp, value, weight });
      this.weight += weight;
    }
    return value;
  }

  /** What is kept of a file that was not touched since; `undefined`: it has to be read. */
  peek(path: string): Value | undefined {
    const known = this.known.get(path);
    return known !== undefined && known.stamp === stampAt(path).stamp ? known.value : undefined;
  }

  private forget(path: string): void {
    this.weight -= this.known.get(path)?.weight ?? 0;
    this.known.delete(path);
  }
}

/** How one of the store's files looked, taken before it is read. */
export interface StoredSight {
  readonly stamp: string;
  /** Where it was too young for its stamp to tell it from a later one. */
  readonly digest?: Digest | null;
}

export function sightOfStored(path: string, digestOf: (path: string) => Digest | null): StoredSight {
  const { stamp, isSettled: isOld } = stampAt(path);
  return isOld ? { stamp } : { stamp, digest: digestOf(path) };
}

export function isAsSeen(
  path: string,
  seen: StoredSight,
  digestOf: (path: string) => Digest | null,
): boolean {
  return seen.digest === undefined ? stampAt(path).stamp === seen.stamp : digestOf(path) === seen.digest;
}
