/** Frames on a byte stream: a big-endian 32-bit length, then one msgpack map. */
import { Packr } from 'msgpackr/pack';
import { ProtocolError } from './decode.js';

/** A frame larger than this is a broken or hostile peer, not a block's output. */
const MAX_FRAME_BYTES = 1 << 30;
const HEADER_BYTES = 4;

// Plain maps only: Python's decoder knows nothing of msgpackr's record extension.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true, int64AsType: 'number' });

export function encodeFrame(message: object): Uint8Array {
  const body = packr.pack(message);
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32BE(body.length, 0);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

/** Whatever the library throws at, also for want of stack, comes from the bytes alone. */
function unpacked(body: Uint8Array): unknown {
  try {
    return packr.unpack(body);
  } catch (error) {
    throw new ProtocolError(`broken msgpack: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Collects chunks and gives out whole frames; throws a `ProtocolError` on a length that can not be and on broken msgpack. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private held = 0;

  push(chunk: Buffer): unknown[] {
    this.chunks.push(chunk);
    this.held += chunk.length;
    const frames: unknown[] = [];
    for (;;) {
      const length = this.frameLength();
      if (length === undefined || this.held < HEADER_BYTES + length) return frames;
      const whole = this.take(HEADER_BYTES + length);
      frames.push(unpacked(whole.subarray(HEADER_BYTES)));
    }
  }

  private frameLength(): number | undefined {
    if (this.held < HEADER_BYTES) return undefined;
    const head = this.chunks[0];
    if (head === undefined || head.length < HEADER_BYTES) {
      // Joining only until the header is whole keeps large frames from being copied at every chunk.
      this.chunks = [Buffer.concat(this.chunks)];
    }
    const length = this.chunks[0]?.readUInt32BE(0) ?? 0;
    if (length > MAX_FRAME_BYTES) throw new ProtocolError(`frame of ${length} bytes refused`);
    return length;
  }

  private take(size: number): Buffer {
    const all =
      this.chunks.length === 1 && this.chunks[0] !== undefined ? this.chunks[0] : Buffer.concat(this.chunks);
    const rest = all.subarray(size);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.held = rest.length;
    return all.subarray(0, size);
  }
}
