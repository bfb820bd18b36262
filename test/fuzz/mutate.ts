/** Hostile inputs made from good ones: bytes, JSON text and JSON values, from a seed that tells them all. */

export interface Chance {
  /** A whole number from 0, below `end`. */
  below(end: number): number;
  pick<Value>(from: readonly [Value, ...Value[]]): Value;
}

/** mulberry32: small, fast, good enough to make trouble. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const below = (end: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
  };
  return { below, pick: from => from[below(from.length)] ?? from[0] };
}

const edges = [0, 1, 0x7f, 0x80, 0xc1, 0xc7, 0xc9, 0xd4, 0xdc, 0xdd, 0xde, 0xdf, 0xff] as const;

/** Flipped, cut, doubled, lengthened and overwritten. */
export function spoilBytes({ below, pick }: Chance, good: Uint8Array): Uint8Array {
  let bytes = Buffer.from(good);
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(bytes.length + 1);
    const some = below(9);
    switch (below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = pick(edges);
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + some)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(at + 1))]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), random({ below, pick }, some), bytes.subarray(at)]);
        break;
      case 6:
        if (at + 4 <= bytes.length)
          bytes.writeUInt32BE(pick([0, 1, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]), at);
        break;
      default:
        return random({ below, pick }, below(64));
    }
    if (bytes.length > 50_000) return bytes.subarray(0, 50_000);
  }
  return bytes;
}

export function random({ below }: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256)));
}

/** What decoders trip over, as JavaScript holds it. */
const odd = (luck: Chance): unknown => {
  const deep = (levels: number): unknown => {
    let value: unknown = 0;
    for (let level = 0; level < levels; level++) value = luck.below(2) === 0 ? [value] : { a: value };
    return value;
  };
  return luck.pick<() => unknown>([
    () => null,
    () => luck.below(2) === 0,
    () => luck.pick([0, -0, -1, 1.5, 2 ** 53, -(2 ** 63), 1e308, 4294967296]),
    () =>
      luck.pick([
        '',
        '__proto__',
        'constructor',
        '../../etc/passwd',
        '/etc/passwd',
        'C:\\x',
        '\u0000',
        'a\nb',
        '\u202e\u2028',
        '\ud800',
        '[1m',
        'x'.repeat(5000),
        '%s%n',
        '*'.repeat(60),
        '{}',
        'é',
        'é',
        '1 GB',
        '5s',
        'NaN',
      ]),
    () => [],
    () => ({}),
    () => Array.from({ length: luck.below(40) }, () => 'a'),
    () => deep(luck.pick([3, 70, 400])),
    () => JSON.parse('{"__proto__": {"polluted": 1}}') as unknown,
  ])();
};

/** Another value at some places of a good one: odd, taken from elsewhere in it, missing, doubled or renamed. */
export function spoilValue(luck: Chance, good: unknown): unknown {
  let value = structuredClone(good);
  for (let times = 1 + luck.below(3); times > 0; times--) value = spoilOnce(luck, value);
  return value;
}

function spoilOnce(luck: Chance, value: unknown): unknown {
  const places = placesIn(value);
  const place = places[luck.below(places.length + 1)];
  if (place === undefined) return odd(luck);
  const { owner, name } = place;
  switch (luck.below(6)) {
    case 0:
      if (Array.isArray(owner)) owner.splice(Number(name), 1);
      else Reflect.deleteProperty(owner, name);
      break;
    case 1: {
      const other = places[luck.below(places.length)];
      set(owner, name, structuredClone(other?.owner[other.name as never]));
      break;
    }
    case 2:
      if (Array.isArray(owner)) owner.push(structuredClone(owner[luck.below(owner.length)]));
      else set(owner, String(odd(luck)), owner[name as never]);
      break;
    default:
      set(owner, name, odd(luck));
  }
  return value;
}

interface Place {
  readonly owner: object;
  readonly name: string;
}

function placesIn(value: unknown): Place[] {
  const found: Place[] = [];
  const waiting = [value];
  while (waiting.length > 0 && found.length < 3000) {
    const owner = waiting.pop();
    if (typeof owner !== 'object' || owner === null) continue;
    for (const [name, item] of Object.entries(owner)) {
      found.push({ owner, name });
      waiting.push(item);
    }
  }
  return found;
}

/** As an own property, also where the name is that of a prototype. */
function set(owner: object, name: string, value: unknown): void {
  Object.defineProperty(owner, name, { value, writable: true, enumerable: true, configurable: true });
}

const pieces = [
  '{', '}', '[', ']', '"', ',', ':', '\\', '\\u', '\\ud800', '//', '/*', '0', '-', '1e999', '1e', 'null', 'tru',
  'NaN', '\u0000', '\ufeff', '\u2028', '\r', '\n', ' ', '"a":', '"cells":', '"blocks":{', '"__proto__":{}', '[[[[[[[[',
] as const; // prettier-ignore

/** Text of a spoilt value, or spoilt text: pieces of syntax put in, taken out, doubled. */
export function spoilText(luck: Chance, good: unknown, text: string): string {
  let spoilt =
    luck.below(2) === 0
      ? JSON.stringify(spoilValue(luck, good), null, luck.below(3)) || ''
      : luck.below(30) === 0
        ? '['.repeat(luck.pick([100, 5000, 200_000]))
        : text;
  for (let times = luck.below(4); times > 0; times--) {
    const at = luck.below(spoilt.length + 1);
    const end = Math.min(spoilt.length, at + luck.below(30));
    const [before, middle, after] = [spoilt.slice(0, at), spoilt.slice(at, end), spoilt.slice(end)];
    spoilt = luck.pick([
      before + luck.pick(pieces) + middle + after,
      before + after,
      before + middle + middle + after,
      before + luck.pick(pieces) + after,
      before,
    ]);
  }
  return spoilt;
}
