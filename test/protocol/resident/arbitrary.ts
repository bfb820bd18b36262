/** Values that fit a schema of the interface, for property tests. */
import fc from 'fast-check';
import type { Json } from '../../../src/protocol/dagFile.js';
import type { Schema } from '../../../src/protocol/resident/schema.js';

type Node = { readonly [name: string]: Json };

export const valuesOf = <Value>(schema: Schema<Value>): fc.Arbitrary<Value> =>
  arbitrary(schema.json as Node).map(value => schema.decode(value, 'value'));

function arbitrary(node: Node): fc.Arbitrary<unknown> {
  if ('const' in node) return fc.constant(node['const']);
  if (Array.isArray(node['enum'])) return fc.constantFrom(...(node['enum'] as Json[]));
  const some = node['anyOf'] ?? node['oneOf'];
  if (Array.isArray(some)) return fc.oneof(...(some as Node[]).map(arbitrary));
  switch (node['type']) {
    case 'string':
      return fc.string({ maxLength: 4 });
    case 'integer':
      return fc.nat({ max: 5 });
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, max: 5 }).map(value => value || 0);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(arbitrary(node['items'] as Node), { maxLength: 2 });
    case 'object':
      return objects(node);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function objects(node: Node): fc.Arbitrary<unknown> {
  const properties = node['properties'] as { readonly [name: string]: Node } | undefined;
  if (properties === undefined) {
    const item = node['additionalProperties'] as Node | undefined;
    return fc.dictionary(fc.string({ maxLength: 3 }), item === undefined ? fc.nat() : arbitrary(item), {
      maxKeys: 2,
      noNullPrototype: true,
    });
  }
  return fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, arbitrary(each)])),
    { requiredKeys: node['required'] as string[], noNullPrototype: true },
  );
}
