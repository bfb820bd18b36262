/** Shapes of what crosses between daemon and clients: each checks a value, and says itself in JSON Schema. */
import { DecodeError, type Decoder, flag, finite, count, json, oneOf, text } from '../decode.js';
import type { Json } from '../dagFile.js';
import type { JsonObject } from '../outputs.js';

export interface Schema<Value> {
  readonly decode: Decoder<Value>;
  readonly json: JsonObject;
}

export const anyText: Schema<string> = { decode: text, json: { type: 'string' } };
export const anyNumber: Schema<number> = { decode: finite, json: { type: 'number' } };
export const anyCount: Schema<number> = { decode: count, json: { type: 'integer', minimum: 0 } };
export const anyFlag: Schema<boolean> = { decode: flag, json: { type: 'boolean' } };
export const anyJson: Schema<Json> = { decode: json, json: {} };

/** An object that came out of a JSON text, taken as it is: large ones are not walked through. */
export const anyObject: Schema<JsonObject> = {
  decode: (data, place) => {
    if (isObject(data)) return data as JsonObject;
    throw new DecodeError(`${place}: an object expected`);
  },
  json: { type: 'object' },
};

export const choice = <const Values extends readonly string[]>(
  ...values: Values
): Schema<Values[number]> => ({
  decode: oneOf(...values),
  json: { enum: values },
});

export const constant = <const Value extends string | number>(value: Value): Schema<Value> => ({
  decode: (data, place) => {
    if (data === value) return value;
    throw new DecodeError(`${place}: ${JSON.stringify(value)} expected`);
  },
  json: { const: value },
});

/** Text under a name of its own, such as an id. */
export const named = <Value extends string>(): Schema<Value> => anyText as Schema<Value>;

export const orNull = <Value>(schema: Schema<Value>): Schema<Value | null> => ({
  decode: (data, place) => (data === null ? null : schema.decode(data, place)),
  json: { anyOf: [schema.json, { type: 'null' }] },
});

export const listOf = <Value>(schema: Schema<Value>): Schema<readonly Value[]> => ({
  decode: (data, place) => {
    if (!Array.isArray(data)) throw new DecodeError(`${place}: a list expected`);
    return data.map((item, index) => schema.decode(item, `${place}[${String(index)}]`));
  },
  json: { type: 'array', items: schema.json },
});

/** An object with free keys. */
export const recordOf = <Value>(schema: Schema<Value>): Schema<Readonly<Record<string, Value>>> => ({
  decode: (data, place) => {
    if (!isObject(data)) throw new DecodeError(`${place}: an object expected`);
    return Object.fromEntries(
      Object.entries(data).map(([name, item]) => [name, schema.decode(item, `${place}.${name}`)]),
    );
  },
  json: { type: 'object', additionalProperties: schema.json },
});

type RequiredKeys<Value> = {
  [Name in keyof Value]-?: object extends Pick<Value, Name> ? never : Name;
}[keyof Value];

type RequiredFields<Value> = { readonly [Name in RequiredKeys<Value>]: Schema<Value[Name]> };
type OptionalFields<Value> = {
  readonly [Name in Exclude<keyof Value, RequiredKeys<Value>>]-?: Schema<Exclude<Value[Name], undefined>>;
};

/** An object with exactly these fields; those of `optional` may be missing. */
export function objectOf<Value extends object>(
  required: RequiredFields<Value>,
  optional: OptionalFields<Value> = {} as OptionalFields<Value>,
): Schema<Value> {
  const fields = new Map(Object.entries<Schema<unknown>>({ ...required, ...optional }));
  const needed = Object.keys(required);
  return {
    decode: (data, place) => {
      if (!isObject(data)) throw new DecodeError(`${place}: an object expected`);
      const value: Record<string, unknown> = {};
      for (const name of needed)
        if (!Object.hasOwn(data, name)) throw new DecodeError(`${place}.${name}: a value expected`);
      for (const [name, item] of Object.entries(data)) {
        const field = fields.get(name);
        if (field === undefined) throw new DecodeError(`${place}.${name}: no such field`);
        value[name] = field.decode(item, `${place}.${name}`);
      }
      return value as Value;
    },
    json: {
      type: 'object',
      properties: Object.fromEntries([...fields].map(([name, field]) => [name, field.json])),
      required: needed,
      additionalProperties: false,
    },
  };
}

/** Objects that a field tells apart. */
export const variantOf = <Tag extends string, Value extends { readonly [Name in Tag]: string }>(
  tag: Tag,
  cases: { readonly [Name in Value[Tag]]: Schema<Extract<Value, { readonly [Field in Tag]: Name }>> },
): Schema<Value> => {
  const known = new Map(Object.entries<Schema<Value>>(cases));
  return {
    decode: (data, place) => {
      const name = isObject(data) && Object.hasOwn(data, tag) ? data[tag] : undefined;
      const found = typeof name === 'string' ? known.get(name) : undefined;
      if (found === undefined)
        throw new DecodeError(`${place}.${tag}: ${[...known.keys()].join(' or ')} expected`);
      return found.decode(data, place);
    },
    json: { oneOf: [...known.values()].map(each => each.json) },
  };
};

/** The same, with words for who reads the description. */
export const told = <Value>(schema: Schema<Value>, description: string): Schema<Value> => ({
  decode: schema.decode,
  json: { ...schema.json, description },
});

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}
