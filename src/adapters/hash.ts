/** Blake3-256 of text, bytes and files. Ready after one `await`; synchronous from then on. */
import { closeSync, openSync, readSync } from 'node:fs';
import { createBLAKE3 } from 'hash-wasm';
import type { Digest } from '../protocol/ids.js';
import type { Hasher } from '../engine/ports.js';

const WHOLE = { offset: 0, size: Infinity };
/** How much of a file is read at once, bytes. */
const PIECE = 1 << 20;
/** Block length of the HMAC construction for blake3, bytes. */
const BLOCK = 64;

export interface FileDigest {
  readonly digest: Digest;
  /** Bytes read. */
  readonly size: number;
}

export interface BytesHasher extends Hasher {
  /** Text by its UTF-8; a lone surrogate counts as itself, never as the replacement character. */
  digest(text: string): Digest;
  digestBytes(...parts: readonly Uint8Array[]): Digest;
  /** Content of a file, or of a part of it, in bytes. Throws what the file system throws. */
  digestFile(path: string, part?: { readonly offset: number; readonly size: number }): FileDigest;
  /** The same for large files, letting other work go on between pieces. */
  digestFileInPieces(path: string): Promise<FileDigest>;
  /** HMAC with blake3, 32 bytes: spares the start-up the 3 ms that loading `node:crypto` takes. */
  authenticate(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

export async function createHasher(): Promise<BytesHasher> {
  const blake3 = await createBLAKE3();
  const ofParts = (parts: readonly Uint8Array[]): Uint8Array => {
    blake3.init();
    for (const part of parts) blake3.update(part);
    return blake3.digest('binary');
  };
  const digestBytes = (...parts: readonly Uint8Array[]): Digest => hex(ofParts(parts));
  // Made once: most files are small, and filling it with zeros takes longer than reading one.
  let shared: Uint8Array | undefined;
  const piecesOf = function* (
    path: string,
    buffer: Uint8Array,
    { offset, size } = WHOLE,
  ): Generator<Uint8Array> {
    const descriptor = openSync(path, 'r');
    try {
      for (let done = 0; done < size;) {
        const length = readSync(descriptor, buffer, 0, Math.min(PIECE, size - done), offset + done);
        if (length === 0) return;
        done += length;
        yield buffer.subarray(0, length);
      }
    } finally {
      closeSync(descriptor);
    }
  };
  return {
    digest(text) {
      if (text.length <= LONGEST_SHORT) {
        // As many bytes as characters: every one of them is ASCII, so none is half of one. All of them had room.
        const length = SHORT.write(text);
        if (length === text.length) return digestBytes(SHORT.subarray(0, length));
      }
      return digestBytes(encode(text));
    },
    digestBytes,
    digestFile(path, part) {
      let size = 0;
      blake3.init();
      shared ??= new Uint8Array(PIECE);
      for (const piece of piecesOf(path, shared, part)) {
        blake3.update(piece);
        size += piece.length;
      }
      return { digest: hex(blake3.digest('binary')), size };
    },
    async digestFileInPieces(path) {
      // An own instance: others use the shared one between the pieces.
      const own = await createBLAKE3();
      let size = 0;
      let sincePause = 0;
      own.init();
      for (const piece of piecesOf(path, new Uint8Array(PIECE))) {
        own.update(piece);
        size += piece.length;
        sincePause += piece.length;
        if (sincePause >= 8 * PIECE) {
          sincePause = 0;
          await new Promise(resume => setImmediate(resume));
        }
      }
      return { digest: hex(own.digest('binary')), size };
    },
    authenticate(key, ...parts) {
      const inner = new Uint8Array(BLOCK).fill(0x36);
      const outer = new Uint8Array(BLOCK).fill(0x5c);
      const block = key.length > BLOCK ? ofParts([key]) : key;
      block.forEach((byte, index) => {
        inner[index] = 0x36 ^ byte;
        outer[index] = 0x5c ^ byte;
      });
      return ofParts([outer, ofParts([inner, ...parts])]);
    },
  };
}

/** Keys are made of short texts, and memory of their own for each takes longer than their digest. */
const LONGEST_SHORT = 4096;
/** A character takes three bytes at most: a text that were cut off would have the digest of another. */
const SHORT = Buffer.alloc(3 * LONGEST_SHORT);
const DIGEST = Buffer.alloc(32);

function hex(bytes: Uint8Array): Digest {
  DIGEST.set(bytes);
  return DIGEST.toString('hex') as Digest;
}

const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** UTF-8, injective for every string: what UTF-8 can not write takes the three bytes it would have. */
function encode(text: string): Uint8Array {
  if (!LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const lone = code >= 0xd800 && code <= 0xdfff;
    parts.push(
      lone
        ? Uint8Array.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
        : Buffer.from(character, 'utf8'),
    );
  }
  return Buffer.concat(parts);
}
