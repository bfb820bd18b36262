/** Large projects: everything has to be linear and nothing may recurse. Time is printed, work is counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockMemory, World } from '../../src/engine/index.js';
import {
  judge,
  openContext,
  plan,
  startRun,
  step,
  type ExecuteEffect,
  type RunInput,
} from '../../src/engine/index.js';
import type { Key } from '../../src/protocol/ids.js';
import { runId, traceId } from '../../src/protocol/ids.js';
import type { Trace } from '../../src/protocol/trace.js';
import { factsOf, sha } from './toy/language.js';
import { idOf, NO_MEMORY, uidOf } from './toy/project.js';
import { USUAL_DECLARATION, USUAL_TRACE } from './toy/usual.js';

const SIZE = Number(process.env['DAGPY_GIANT'] ?? 15_000);

/** A number that looks random and is the same every time. */
function scatter(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x45d9f3b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Parents of each block by its number. */
const shapes: Readonly<Record<string, (index: number) => readonly number[]>> = {
  chain: index => (index === 0 ? [] : [index - 1]),
  wide: index => (index === 0 ? [] : [0]),
  random: index =>
    index === 0 ? [] : [...new Set([1, 2, 3].map(salt => scatter(index * 3 + salt) % index))],
};

function snapshotOf(shape: (index: number) => readonly number[], size: number, reversed: boolean) {
  const declarations = Array.from({ length: size }, (_, index) => ({
    id: idOf(index),
    notebook: `b${index}.ipynb`,
    parents: shape(index).map(parent => ({ block: idOf(parent) })),
    filter: { kind: 'auto' as const },
    ...USUAL_DECLARATION,
  }));
  const order = Array.from({ length: size }, (_, index) => (reversed ? size - 1 - index : index));
  const blocks = order.map(index => {
    const facts = factsOf({
      comment: '',
      statements: [{ op: 'sum', name: `x${index}`, of: shape(index).map(parent => `x${parent}`) }],
    });
    return {
      declaration: declarations[index]!,
      uid: uidOf(index),
      cells: [facts],
      memory: NO_MEMORY as BlockMemory,
    };
  });
  const dag = {
    version: 1 as const,
    name: 'giant',
    kernel: 'toy',
    cache: { keep: 3 },
    parameters: new Map(),
    seed: 0,
    tags: new Map(),
    blocks: blocks.map(({ declaration }) => declaration),
  };
  return { dag, blocks, parameters: new Map(), environment: sha('python') };
}

function traceOf(effect: ExecuteEffect, value: number): Trace {
  const index = Number(effect.block.slice(1));
  const object = { digest: sha(`value ${value}`), size: 1 };
  const component = {
    names: [`x${index}`],
    digest: object.digest,
    head: object,
    buffers: [],
    lineTables: null,
    variables: [],
    reaches: [],
    hidden: [],
  };
  return {
    version: 1,
    id: traceId(effect.block),
    key: effect.key,
    uid: uidOf(index),
    block: effect.block,
    ...USUAL_TRACE,
    ingredients: effect.ingredients,
    exports: [component],
    display: object,
  };
}

/** A list that tells which of its items were looked at. */
function countReads<Item>(list: readonly Item[]) {
  const places = new Set<string>();
  const items = new Proxy(list, {
    get(target, name, receiver): unknown {
      if (typeof name === 'string' && /^\d+$/.test(name)) places.add(name);
      return Reflect.get(target, name, receiver);
    },
  });
  return { items, places };
}

for (const [name, shape] of Object.entries(shapes)) {
  for (const reversed of [false, true]) {
    test(`${SIZE} blocks, ${name}${reversed ? ', children listed before parents' : ''}`, context => {
      const traces = new Map<Key, readonly Trace[]>();
      const world: World = {
        traces: key => traces.get(key) ?? [],
        observe: () => null,
        expand: glob => [glob],
      };
      const snapshot = snapshotOf(shape, SIZE, reversed);
      let keys = 0;
      const counting = {
        digest(text: string) {
          keys += 1;
          return sha(text);
        },
      };
      const began = performance.now();
      const opened = openContext({ snapshot, world, hasher: counting, now: 0 });
      assert.ok(opened.ok);
      const openedAt = performance.now();
      const planned = plan(opened.value, { target: { kind: 'affected' }, force: false });
      assert.ok(planned.ok);
      assert.equal(planned.value.runs.length, SIZE);
      const plannedAt = performance.now();
      // Only of blocks without parents the inputs are known beforehand.
      assert.equal(
        keys,
        snapshot.blocks.filter(({ declaration }) => declaration.parents.length === 0).length,
      );
      keys = 0;

      const request = { target: { kind: 'affected' as const }, force: false };
      const begun = startRun(opened.value, { run: runId('giant'), request, jobs: 8 });
      assert.ok(begun.ok);
      const memory = new Map<string, BlockMemory>();
      const inputs: RunInput[] = [{ kind: 'started' }];
      let steps = 0;
      let executed = 0;
      for (let input = inputs.pop(); input !== undefined; input = inputs.pop()) {
        steps += 1;
        for (const effect of step(begun.value, input).effects) {
          if (effect.kind === 'finish') executed = effect.report.executed.length;
          if (effect.kind !== 'execute') continue;
          const trace = traceOf(effect, steps);
          traces.set(effect.key, [trace]);
          memory.set(effect.block, { shown: trace.id, last: trace, failure: null });
          inputs.push({
            kind: 'finished',
            block: effect.block,
            key: effect.key,
            outcome: { kind: 'stored', trace },
          });
        }
      }
      const ranAt = performance.now();
      assert.equal(executed, SIZE);
      assert.equal(steps, SIZE + 1);
      assert.equal(keys, SIZE, 'each block is judged once, however many wait for their start');

      const seen = countReads(
        snapshot.blocks.map(block => ({ ...block, memory: memory.get(block.declaration.id)! })),
      );
      const after = openContext({
        snapshot: { ...snapshot, blocks: seen.items },
        world,
        hasher: counting,
        now: 0,
      });
      assert.ok(after.ok);
      const judgedFrom = performance.now();
      keys = 0;
      assert.ok(judge(after.value).every(judgement => judgement?.state === 'fresh'));
      assert.equal(keys, SIZE);
      const judgedAt = performance.now();

      const scope = new Uint8Array(SIZE);
      scope[SIZE >> 1] = 1;
      keys = 0;
      seen.places.clear();
      assert.equal(judge(after.value, { scope })[SIZE >> 1]?.state, 'fresh');
      assert.equal(keys, 1);
      assert.ok(seen.places.size <= 4, `status of one block looks at ${seen.places.size}`);
      const ms = (from: number, to: number) => `${Math.round(to - from)} ms`;
      context.diagnostic(
        `open ${ms(began, openedAt)}, plan ${ms(openedAt, plannedAt)}, run ${ms(plannedAt, ranAt)}, judge all fresh ${ms(judgedFrom, judgedAt)}, heap ${Math.round(process.memoryUsage().heapUsed / 1e6)} MB`,
      );
    });
  }
}
