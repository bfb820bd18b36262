/** The short way of resolving inputs decides nothing otherwise than the general one, and it is taken where it can be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveAny, resolveInputs } from '../../src/engine/inputs.js';
import { plainInputs } from '../../src/engine/plainInputs.js';
import { openProject, type Project } from '../../src/engine/project.js';
import type { ResolvedInputs } from '../../src/engine/resolvedInputs.js';
import type { Filter } from '../../src/protocol/dagFile.js';
import { keyOf, traceId } from '../../src/protocol/ids.js';
import type { Result } from '../../src/protocol/problem.js';
import type { Component, Trace, Withheld } from '../../src/protocol/trace.js';
import { factsOf, sha } from './toy/language.js';
import { idOf, NO_MEMORY, uidOf } from './toy/project.js';
import { USUAL_DECLARATION, USUAL_TRACE } from './toy/usual.js';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'];
const PARENTS = 4;
const CHILD = PARENTS;

const names = (maxLength: number) => fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength });
/** Mostly what is usual. */
const rarely = <Value>(usual: Value, other: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

const component = fc.record({
  names: fc.oneof({ weight: 5, arbitrary: names(1) }, { weight: 1, arbitrary: names(3) }),
  content: fc.nat(6),
  reaches: rarely<string[]>([], names(2)),
  hidden: rarely<string[]>([], names(1)),
});

const parent = fc.record({
  exports: fc.array(component, { maxLength: 4 }),
  withheld: rarely<{ name: string; why: Withheld['why'] }[]>(
    [],
    fc.array(
      fc.record({
        name: fc.constantFrom(...NAMES),
        why: fc.constantFrom<Withheld['why']>('opaque', 'size', 'filter'),
      }),
      { maxLength: 2 },
    ),
  ),
  filter: rarely<Filter>(
    { kind: 'auto' },
    fc.constantFrom<Filter>({ kind: 'names', patterns: ['a', 'b', '[c-f]'] }, { kind: 'off' }),
  ),
  use: rarely<readonly (readonly [string, string])[] | undefined>(
    undefined,
    fc.constant([
      ['a', 'b'],
      ['c', 'c'],
    ] as const),
  ),
});

const project = fc.record({
  parents: fc.tuple(parent, parent, parent, parent),
  edges: fc.array(fc.nat(PARENTS - 1), { maxLength: 5 }),
  reads: names(NAMES.length),
  everything: rarely(false, fc.constant(true)),
  parameters: names(2),
  prelude: rarely<string[]>([], names(2)),
});
type Drawn = typeof project extends fc.Arbitrary<infer Value> ? Value : never;

function traceOf(index: number, { exports, withheld }: Drawn['parents'][number]): Trace {
  const object = { digest: sha('object'), size: 1 };
  const components = exports
    .filter(({ names }) => names.length > 0)
    .map(({ names, content, reaches, hidden }): Component => ({
      names: [...names].sort(),
      digest: sha(`content ${content}`),
      head: object,
      buffers: [],
      lineTables: null,
      variables: [],
      reaches,
      hidden: hidden.filter(name => names.includes(name)),
    }));
  return {
    version: 2,
    id: traceId(`t${index}`),
    key: keyOf(sha(`key ${index}`)),
    uid: uidOf(index),
    block: idOf(index),
    ...USUAL_TRACE,
    ingredients: {
      version: 2,
      environment: sha('python'),
      uid: uidOf(index),
      seed: 0,
      cells: [],
      prelude: [],
      inputs: [],
      parameters: [],
      declared: [],
      cwd: '.',
    },
    exports: components,
    withheld: withheld.map(({ name, why }) => ({ name, why, type: 'x', detail: '' })),
    display: object,
  };
}

function projectOf({ parents, edges, reads, everything, parameters, prelude }: Drawn): Project {
  const declared = (index: number, filter: Filter, above: readonly number[]) => ({
    id: idOf(index),
    notebook: `b${index}.ipynb`,
    parents: above.map(parent => {
      const { use } = parents[parent]!;
      return use === undefined ? { block: idOf(parent) } : { block: idOf(parent), use: new Map(use) };
    }),
    filter,
    ...USUAL_DECLARATION,
  });
  // The schema refuses a choice of variables where a whole session is handed on.
  const filterOf = ({ filter, use }: Drawn['parents'][number]): Filter =>
    use !== undefined && filter.kind === 'off' ? { kind: 'auto' } : filter;
  const code = (loads: readonly string[], dynamic: readonly string[]) => ({
    ...factsOf({ comment: '', statements: [{ op: 'sum', name: 'made', of: [...loads].sort() }] }),
    dynamic,
  });
  const declarations = [
    ...parents.map((each, index) => declared(index, filterOf(each), [])),
    declared(CHILD, { kind: 'auto' }, edges),
    declared(CHILD + 1, { kind: 'auto' }, []),
  ];
  const blocks = declarations.map((declaration, index) => ({
    declaration,
    uid: uidOf(index),
    cells: [
      index === CHILD
        ? code(reads, everything ? ['eval'] : [])
        : index === CHILD + 1
          ? code(prelude, [])
          : code([], []),
    ],
    memory: NO_MEMORY,
  }));
  const opened = openProject({
    dag: {
      version: 1,
      name: 'plain',
      kernel: 'toy',
      cache: { keep: 3 },
      parameters: new Map(),
      seed: 0,
      tags: new Map(),
      blocks: declarations,
      ...(prelude.length === 0 ? {} : { prelude: idOf(CHILD + 1) }),
    },
    blocks,
    parameters: new Map(parameters.map(name => [name, 1])),
    environment: sha('python'),
  });
  assert.ok(opened.ok);
  return opened.value;
}

const told = (resolved: Result<ResolvedInputs>) => {
  if (!resolved.ok) return resolved;
  const { components, live, ingredients, parameters, replay, missing } = resolved.value;
  return { components, live, ingredients, parameters, replay, missing };
};

test('inputs that are resolved the short way come out as the general way has them', context => {
  let short = 0;
  let all = 0;
  fc.assert(
    fc.property(project, drawn => {
      const opened = projectOf(drawn);
      const traces = drawn.parents.map((each, index) => traceOf(index, each));
      const find = (block: number) => traces[block]!;
      const hasher = { digest: sha };
      all += 1;
      if (plainInputs(opened, CHILD, find) !== undefined) short += 1;
      assert.deepEqual(
        told(resolveInputs(opened, hasher, CHILD, find)),
        told(resolveAny(opened, hasher, CHILD, find)),
      );
    }),
    { numRuns: 2000 },
  );
  context.diagnostic(`${short} of ${all} the short way`);
  assert.ok(short > all / 20, 'the short way is hardly ever taken');
  assert.ok(short < all, 'the general way is never needed');
});
