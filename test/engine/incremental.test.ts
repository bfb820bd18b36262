/** The two laws over random histories of small projects, against an oracle that knows no keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frameIngredients } from '../../src/engine/key.js';
import type { KeyFunction } from '../../src/engine/index.js';
import type { Trace } from '../../src/protocol/trace.js';
import { Bench, brokenKey, type Chooser } from './toy/bench.js';
import { apply, edits, projects, type Edit } from './toy/generate.js';
import { cleanRun, History, type CleanBlock } from './toy/oracle.js';
import { describe, indexOf, type ToyProject } from './toy/project.js';
import { counted, howMany, isLong } from '../proof.js';

const KEEP = 3;
const STORIES = howMany(2000, 50_000);
/** Every run of the tests tells the same stories; the long part others each time, `DAGPY_SEED=7` those of that seed. */
const SEED = Number(process.env['DAGPY_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 20260101));
const orders = fc.array(fc.nat(99), { minLength: 1, maxLength: 8 });

interface Story {
  readonly project: ToyProject;
  readonly edits: readonly Edit[];
  readonly order: readonly number[];
  readonly jobs: number;
}

const stories = fc.record({ project: projects, edits, order: orders, jobs: fc.integer({ min: 1, max: 4 }) });

/** Filters that are off can not be picked from; such edges are refused when the project is opened. */
function isValid({ blocks }: ToyProject): boolean {
  return blocks.every(({ parents }) =>
    parents.every(({ parent, use }) => use === undefined || blocks[parent]!.filter.kind !== 'off'),
  );
}

function tell(story: Story, keyOf?: KeyFunction): void {
  let turn = 0;
  const choose: Chooser = count => story.order[turn++ % story.order.length]! % Math.max(1, count);
  const bench = new Bench(story.project, keyOf === undefined ? { keep: KEEP } : { keep: KEEP, keyOf });
  const history = new History(KEEP);
  const versions = [story.project];
  const told: string[] = [];
  for (const edit of [undefined, ...story.edits]) {
    const before = bench.project;
    if (edit !== undefined)
      bench.project =
        edit.kind === 'revert'
          ? versions.at(-1 - (edit.numbers[0] % Math.min(3, versions.length)))!
          : apply(before, edit);
    if (!isValid(bench.project)) bench.project = before;
    if (edit?.kind === 'forget') {
      const index = edit.numbers[0] % bench.project.blocks.length;
      const nth = edit.numbers[1] % Math.max(1, history.count(index));
      bench.remove(index, nth);
      history.remove(index, nth);
    }
    versions.push(bench.project);
    told.push(`--- ${edit?.kind ?? 'first run'}\n${describe(bench.project)}`);
    const all = told.join('\n');
    const clean = cleanRun(bench.project);
    const least = history.mustRun(bench.project, clean);
    const { report, started } = bench.run(undefined, choose, story.jobs);

    const failing = (status: CleanBlock['status']) =>
      clean.flatMap((block, index) => (block.status === status ? [index] : []));
    assert.deepEqual(report.failed.map(indexOf), failing('failed'), `failed blocks\n${all}`);
    assert.deepEqual(report.blocked.map(indexOf), failing('blocked'), `blocked blocks\n${all}`);
    const ran = [...new Set(started.map(({ block }) => indexOf(block)))].sort((a, b) => a - b);
    const refused = failing('failed').filter(index => !ran.includes(index));
    assert.deepEqual(
      ran,
      least.filter(index => !refused.includes(index)),
      `executed blocks\n${all}`,
    );
    const replays = new Set(ran.flatMap(index => [...clean[index]!.replayed]));
    // How far a block that fails came is not what this is about.
    if (failing('failed').length === 0)
      assert.deepEqual(
        report.replayed.map(indexOf),
        [...replays].sort((a, b) => a - b),
        `replayed blocks\n${all}`,
      );
    clean.forEach((block, index) => sameResult(bench, index, block, all));

    const again = bench.run(undefined, choose, story.jobs);
    assert.deepEqual(
      again.started.map(({ block }) => block).filter(id => !report.failed.includes(id)),
      [],
      `a second run\n${all}`,
    );
    assert.deepEqual(again.report.restored, [], `restored by a second run\n${all}`);
  }
}

function sameResult(bench: Bench, index: number, block: CleanBlock, told: string): void {
  if (block.status !== 'ok') return;
  const trace = bench.shownTrace(index);
  assert.ok(trace, `b${index} shows nothing\n${told}`);
  assert.equal(bench.shown(index), block.shown, `display of b${index}\n${told}`);
  for (const [name, { bytes }] of block.visible) {
    const component: Trace['exports'][number] | undefined = trace.exports.find(({ names }) =>
      names.includes(name),
    );
    assert.equal(component && bench.blobs.get(component.head.digest), bytes, `${name} of b${index}\n${told}`);
  }
}

test('after any history, a run of what is affected leaves what a clean run leaves, and runs no block without need', () => {
  fc.assert(
    fc.property(stories, story => tell(story)),
    { numRuns: STORIES, seed: SEED },
  );
  counted('stories', STORIES);
});

/** Each leaves one thing out of the key; a test that can not tell is worth nothing. */
const mutants: Readonly<Record<string, KeyFunction>> = {
  inputs: brokenKey(ingredients => frameIngredients({ ...ingredients, inputs: [] })),
  'values of inputs': brokenKey(ingredients =>
    frameIngredients({
      ...ingredients,
      inputs: ingredients.inputs.map(({ name }) => ({ name, component: '' as never, sharing: [] })),
    }),
  ),
  'sharing of inputs': brokenKey(ingredients =>
    frameIngredients({
      ...ingredients,
      inputs: ingredients.inputs.map(input => ({ ...input, sharing: [] })),
    }),
  ),
  'sessions of replayed blocks': brokenKey(ingredients =>
    frameIngredients({
      ...ingredients,
      inputs: ingredients.inputs.map(input =>
        input.name.startsWith('*') ? { ...input, component: '' as never } : input,
      ),
    }),
  ),
  'names of live values': brokenKey(ingredients =>
    frameIngredients({
      ...ingredients,
      inputs: ingredients.inputs.map(input =>
        input.name.startsWith('*') ? { ...input, sharing: [] } : input,
      ),
    }),
  ),
  code: brokenKey(ingredients => frameIngredients({ ...ingredients, cells: [] })),
  parameters: brokenKey(ingredients => frameIngredients({ ...ingredients, parameters: [] })),
  'types of parameters': brokenKey(ingredients =>
    frameIngredients({
      ...ingredients,
      parameters: ingredients.parameters.map(({ name, value }) => ({ name, value: String(value) })),
    }),
  ),
};

for (const [what, keyOf] of Object.entries(mutants)) {
  test(`a key without the ${what} is found out`, () => {
    const outcome = fc.check(
      fc.property(stories, story => tell(story, keyOf)),
      { numRuns: 4000, seed: 20260102, endOnFailure: true },
    );
    assert.ok(outcome.failed, `no story tells a key without the ${what} from a whole one`);
  });
}
