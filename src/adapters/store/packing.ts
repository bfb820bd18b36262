/** Msgpack without msgpackr's own extensions, so that any reader of msgpack understands it. */
import { Packr, Unpackr } from 'msgpackr/pack';

const packr = new Packr({ useRecords: false, moreTypes: false, variableMapSize: true });
const unpackr = new Unpackr({
  useRecords: false,
  moreTypes: false,
  mapsAsObjects: true,
  int64AsType: 'bigint',
});

/** Numbers stay numbers: what is no 32-bit integer is written as a 64-bit float, exact to 2^53. */
export const pack = (value: unknown): Uint8Array => packr.pack(value);

/** Throws on anything that is not exactly one value. */
export const unpack = (bytes: Uint8Array): unknown => unpackr.unpack(bytes);
