/** The part of JSON Schema that `dag.json` needs, with messages for people, and what of a value does not agree with it. */

export interface JsonSchema {
  readonly type?: 'string' | 'number' | 'integer' | 'null' | 'array' | 'object';
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Of objects with free keys; where it is missing, keys without a schema are let pass. */
  readonly additionalProperties?: JsonSchema;
  readonly default?: unknown;
  readonly description?: string;
  /** Completes the sentence *… must be …*. Not published. */
  readonly must?: string;
  /** What is wrong with a string, where JSON Schema can not say it. Not published. */
  readonly rule?: (value: string) => string | undefined;
}

export interface Issue {
  readonly path: readonly (string | number)[];
  readonly kind: 'missing' | 'form' | 'rule';
  /** `form`, `missing`: what it must be. `rule`: what is wrong with it. */
  readonly message: string;
}

type Path = Issue['path'];

/** Everything that does not agree; of several forms that a value may have, what is wrong with the one that comes nearest. */
export function issuesOf(schema: JsonSchema, value: unknown, path: Path = []): readonly Issue[] {
  const { anyOf } = schema;
  if (anyOf !== undefined) {
    const each = anyOf.map(one => issuesOf(one, value, path));
    if (each.some(issues => issues.length === 0)) return [];
    const inside = each.flat().filter(issue => issue.kind === 'rule' || issue.path.length > path.length);
    return inside.length > 0 ? inside : [wrongForm(schema, path)];
  }
  if (!hasForm(schema, value)) return [wrongForm(schema, path)];
  if (typeof value === 'string') {
    const message = schema.rule?.(value);
    return message === undefined ? [] : [{ path, kind: 'rule', message }];
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => issuesOf(items, item, [...path, index]));
  }
  return typeof value === 'object' && value !== null ? memberIssues(schema, value, path) : [];
}

const wrongForm = ({ must = 'something else' }: JsonSchema, path: Path): Issue => ({
  path,
  kind: 'form',
  message: must,
});

function hasForm(schema: JsonSchema, value: unknown): boolean {
  if (schema.const !== undefined && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return false;
  if (!hasType(schema.type, value)) return false;
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity);
  if (typeof value !== 'string') return true;
  const fits = schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value);
  return fits && value.length >= (schema.minLength ?? 0);
}

function hasType(type: JsonSchema['type'], value: unknown): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
      return typeof value === type;
  }
}

/** By own names only: `constructor` is a key like any other. */
function memberIssues(schema: JsonSchema, value: object, path: Path): readonly Issue[] {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const missing = required
    .filter(key => !Object.hasOwn(value, key))
    .map((key): Issue => ({
      path: [...path, key],
      kind: 'missing',
      message: properties[key]?.must ?? 'a value',
    }));
  const wrong = Object.entries(value).flatMap(([key, item]) => {
    const own = Object.hasOwn(properties, key) ? properties[key] : others;
    return own === undefined ? [] : issuesOf(own, item, [...path, key]);
  });
  return [...missing, ...wrong];
}
