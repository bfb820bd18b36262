/**
 * Files that only their owner's key can have written:
 *
 *   8 bytes   magic                      32 bytes  blake3 of all before it (a torn file)
 *   4 bytes   version of this form       32 bytes  MAC of purpose, name and all before it (a planted one)
 *   8 bytes   key id
 *   n bytes   payload
 *
 * The name is what the file is filed under, so that a file copied to another place is not believed either.
 */
import type { BytesHasher } from '../hash.js';
import type { UserKey } from './userKey.js';

const MAGIC = Buffer.from('DAGPYSL\n', 'latin1');
export const SEAL_VERSION = 1;
const HEADER = 20;
const TRAILER = 64;

export interface Label {
  readonly purpose: 'traces' | 'facts' | 'verdict' | 'local';
  readonly name: string;
}

export type Opened =
  | { readonly kind: 'authentic'; readonly payload: Uint8Array }
  /** Written with another key, or by another version: nobody's fault, so it stays where it is. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'damaged' };

export function seal(hasher: BytesHasher, key: UserKey, label: Label, payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER);
  MAGIC.copy(header);
  header.writeUInt32BE(SEAL_VERSION, 8);
  header.write(key.id, 12, 'hex');
  const body = Buffer.concat([header, payload]);
  const checked = Buffer.concat([body, checksum(hasher, body)]);
  return Buffer.concat([checked, hasher.authenticate(key.secret, nameplate(label), checked)]);
}

/** Nothing of the payload is looked at before both trailers hold. */
export function open(hasher: BytesHasher, key: UserKey, label: Label, file: Uint8Array): Opened {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  if (bytes.length < HEADER + TRAILER || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return { kind: 'damaged' };
  const body = bytes.subarray(0, -TRAILER);
  const whole = equal(checksum(hasher, body), bytes.subarray(-TRAILER, -TRAILER / 2));
  if (!whole) return { kind: 'damaged' };
  if (bytes.readUInt32BE(8) !== SEAL_VERSION || bytes.toString('hex', 12, HEADER) !== key.id)
    return { kind: 'foreign' };
  const expected = hasher.authenticate(key.secret, nameplate(label), bytes.subarray(0, -TRAILER / 2));
  if (!equal(expected, bytes.subarray(-TRAILER / 2))) return { kind: 'damaged' };
  return { kind: 'authentic', payload: body.subarray(HEADER) };
}

const checksum = (hasher: BytesHasher, body: Uint8Array): Uint8Array =>
  Buffer.from(hasher.digestBytes(body), 'hex');

const nameplate = ({ purpose, name }: Label): Uint8Array =>
  Buffer.from(`dagpy ${purpose}\0${name}\0`, 'utf8');

/** Takes as long whichever byte differs. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}
