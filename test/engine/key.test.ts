import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameIngredients, frameJson } from '../../src/engine/key.js';
import { globTest } from '../../src/engine/index.js';
import { uid, type Digest } from '../../src/protocol/ids.js';
import type { Json } from '../../src/protocol/dagFile.js';
import type { Ingredients } from '../../src/protocol/trace.js';
import { sha } from './toy/language.js';

test('values that Python tells apart have different frames', () => {
  const values: Json[] = [
    1,
    '1',
    true,
    'true',
    null,
    'null',
    -0,
    0,
    1.5,
    [],
    {},
    '',
    [1],
    ['1'],
    [[1]],
    [1, 1],
    { a: 1 },
    { a: '1' },
    { 'a:1': 1 },
    [{ a: 1 }],
    '\ud800',
    '\ud801',
    '\\ud800',
  ];
  assert.equal(new Set(values.map(frameJson)).size, values.length);
});

test('the order of keys in a parameter counts, for dicts keep it', () => {
  assert.notEqual(frameJson({ a: 1, b: [2, { d: 3, c: 4 }] }), frameJson({ b: [2, { c: 4, d: 3 }], a: 1 }));
});

const digests = fc.constantFrom<Digest[]>(sha('a'), sha('b'));
const text = fc.string({ maxLength: 3 });
const ingredients = fc.record<Ingredients>({
  version: fc.constantFrom(1, 2),
  environment: digests,
  uid: text.map(uid),
  seed: fc.option(fc.nat(1)),
  cells: fc.array(digests, { maxLength: 2 }),
  prelude: fc.array(digests, { maxLength: 2 }),
  inputs: fc.array(fc.record({ name: text, component: digests, sharing: fc.array(text, { maxLength: 2 }) }), {
    maxLength: 2,
  }),
  parameters: fc.array(
    fc.record({ name: text, value: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json> }),
    { maxLength: 2 },
  ),
  declared: fc.array(
    fc.record({
      kind: fc.constantFrom('file' as const, 'environment' as const),
      name: text,
      digest: fc.option(digests),
    }),
    { maxLength: 2 },
  ),
  cwd: text,
});

/** A spelling that keeps `-0` and sorts keys, made another way than the frame. */
const spelled = (of: Ingredients) =>
  JSON.stringify(of, (_name, value: unknown) => {
    if (Object.is(value, -0)) return 'minus\0zero';
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return ['object\0', ...Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1))];
  });

test('two ingredients have one frame exactly if they are equal', () => {
  const pair = fc.tuple(ingredients, ingredients).chain(([a, b]) =>
    // Mostly nearly the same: all of one, some fields of the other.
    fc
      .subarray(Object.keys(a) as (keyof Ingredients)[])
      .map((fields): [Ingredients, Ingredients] => [
        a,
        { ...a, ...Object.fromEntries(fields.map(field => [field, b[field]])) },
      ]),
  );
  fc.assert(
    fc.property(pair, ([a, b]) =>
      assert.equal(frameIngredients(a) === frameIngredients(b), spelled(a) === spelled(b)),
    ),
    { numRuns: 3000, seed: 1 },
  );
});

test('globs', () => {
  const takes = (pattern: string, ...names: string[]) => names.filter(globTest([pattern]));
  assert.deepEqual(takes('stats_*', 'stats_', 'stats_a', 'xstats_a', 'stats'), ['stats_', 'stats_a']);
  assert.deepEqual(takes('x?', 'x', 'x1', 'x12', 'xü'), ['x1', 'xü']);
  assert.deepEqual(takes('[a-c]1', 'a1', 'd1'), ['a1']);
  assert.deepEqual(takes('[!a-c]1', 'a1', 'd1'), ['d1']);
  assert.deepEqual(takes('a.b', 'a.b', 'axb'), ['a.b']);
  assert.deepEqual(takes('a(*', 'a(b', 'ab'), ['a(b']);
  assert.deepEqual(takes('[z-a]', '[z-a]', 'b'), ['[z-a]']);
});
