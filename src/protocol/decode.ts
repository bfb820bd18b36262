/** Checks unknown data and gives it a type, strictly: a missing, extra or wrong field is an error that names its place. */
import type { Json } from './dagFile.js';

export type Decoder<Value> = (data: unknown, place: string) => Value;

export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

const wrong = (place: string, expected: string): never => {
  throw new DecodeError(`${place}: ${expected} expected`);
};

/** Places are put together on the way out of a failure: nearly all data is right, and much of it is small. */
function failedIn(place: string, part: string, error: unknown): unknown {
  return error instanceof DecodeError ? new DecodeError(`${place}${part}${error.message}`) : error;
}

export const text: Decoder<string> = (data, place) =>
  typeof data === 'string' ? data : wrong(place, 'text');
export const finite: Decoder<number> = (data, place) =>
  typeof data === 'number' && Number.isFinite(data) ? data : wrong(place, 'a finite number');
/** A whole number from 0 on that arithmetic keeps exact. */
export const count: Decoder<number> = (data, place) =>
  typeof data === 'number' && Number.isSafeInteger(data) && data >= 0
    ? data
    : wrong(place, 'a whole number from 0');
export const flag: Decoder<boolean> = (data, place) =>
  typeof data === 'boolean' ? data : wrong(place, 'true or false');

/** Text of a certain form, such as a digest. */
export const form =
  <Value extends string>(expression: RegExp, name: string): Decoder<Value> =>
  (data, place) =>
    typeof data === 'string' && expression.test(data) ? (data as Value) : wrong(place, name);

/** Any text, under a branded name. */
export const branded = <Value extends string>(): Decoder<Value> => text as Decoder<Value>;

export const oneOf =
  <const Values extends readonly string[]>(...values: Values): Decoder<Values[number]> =>
  (data, place) =>
    typeof data === 'string' && values.includes(data) ? data : wrong(place, values.join(' or '));

export const nullable =
  <Value>(decoder: Decoder<Value>): Decoder<Value | null> =>
  (data, place) =>
    data === null ? null : decoder(data, place);

export const list =
  <Value>(decoder: Decoder<Value>): Decoder<readonly Value[]> =>
  (data, place) => {
    if (!Array.isArray(data)) return wrong(place, 'a list');
    const items = new Array<Value>(data.length);
    let at = 0;
    try {
      for (; at < items.length; at += 1) items[at] = decoder(data[at], '');
    } catch (error) {
      throw failedIn(place, `[${at}]`, error);
    }
    return items;
  };

type RequiredKeys<Value> = {
  [Name in keyof Value]-?: object extends Pick<Value, Name> ? never : Name;
}[keyof Value];
type Fields<Value> = { readonly [Name in RequiredKeys<Value>]: Decoder<Value[Name]> };
type OptionalFields<Value> = {
  readonly [Name in Exclude<keyof Value, RequiredKeys<Value>>]-?: Decoder<Exclude<Value[Name], undefined>>;
};

/** An object with exactly these fields; those of `optional` may be missing. */
export function shape<Value extends object>(
  fields: Fields<Value>,
  optional?: OptionalFields<Value>,
): Decoder<Value> {
  const required = Object.keys(fields);
  const names = [...required, ...Object.keys(optional ?? {})];
  const decoders = Object.values<unknown>({ ...fields, ...optional }) as Decoder<unknown>[];
  return (data, place) => {
    if (!isPlain(data)) return wrong(place, 'an object');
    const value: Record<string, unknown> = {};
    let known = 0;
    let at = 0;
    try {
      // Counted by hand: this runs some thousand times at a start, before anything is optimised.
      for (; at < names.length; at += 1) {
        const name = names[at] as string;
        if (Object.hasOwn(data, name)) {
          value[name] = (decoders[at] as Decoder<unknown>)(data[name], '');
          known += 1;
        } else if (at < required.length) wrong('', 'a value');
      }
    } catch (error) {
      throw failedIn(place, `.${names[at] ?? ''}`, error);
    }
    if (Object.keys(data).length !== known) wrong(place, 'no other field');
    return value as Value;
  };
}

/** An object used as a table, by own names only. */
export const table =
  <Value>(decoder: Decoder<Value>): Decoder<ReadonlyMap<string, Value>> =>
  (data, place) => {
    if (!isPlain(data)) return wrong(place, 'an object');
    return new Map(Object.entries(data).map(([name, item]) => [name, decoder(item, `${place}.${name}`)]));
  };

export const json: Decoder<Json> = (data, place) => {
  if (data === null || typeof data === 'boolean' || typeof data === 'string') return data;
  if (typeof data === 'number') return finite(data, place);
  if (Array.isArray(data)) return data.map((item, index) => json(item, `${place}[${index}]`));
  if (!isPlain(data)) return wrong(place, 'a JSON value');
  return Object.fromEntries(
    Object.entries(data).map(([name, item]) => [name, json(item, `${place}.${name}`)]),
  );
};

function isPlain(data: unknown): data is Record<string, unknown> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}

/** Objects that a field tells apart. */
export const variant =
  <Tag extends string, Value extends { readonly [Name in Tag]: string }>(
    tag: Tag,
    cases: { readonly [Name in Value[Tag]]: Decoder<Extract<Value, { readonly [Field in Tag]: Name }>> },
  ): Decoder<Value> =>
  (data, place) => {
    const name = isPlain(data) ? data[tag] : undefined;
    if (typeof name !== 'string' || !Object.hasOwn(cases, name))
      return wrong(`${place}.${tag}`, 'a known tag');
    return (
      (cases as Record<string, Decoder<Value> | undefined>)[name]?.(data, place) ?? wrong(place, 'a value')
    );
  };
