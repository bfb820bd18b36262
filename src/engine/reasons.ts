/** Why a block runs, told by what differs from the last time it ran well. */
import type { Ingredients } from '../protocol/trace.js';
import type { Reason } from '../protocol/states.js';
import { cellChanges } from './cellChanges.js';
import { lastStored, type Context } from './context.js';
import { circumstancesOf, type Prepared } from './evaluate.js';
import { firstUnserved } from './filters.js';
import { frameDigest, frameJson, frameList, frameText, ingredientsOf } from './key.js';
import { dependencyFailing, policyFailing, type Refusal } from './lookup.js';

/** Of blocks of which nothing is remembered. */
export const NEVER_RUN: readonly Reason[] = [{ kind: 'never-run', detail: 'never run' }];
const ALWAYS: readonly Reason[] = [{ kind: 'forced', detail: 'set to run at every run' }];
export const FORCED: readonly Reason[] = [{ kind: 'forced', detail: 'asked for by force' }];
export const CACHE_MISSING: Reason = { kind: 'cache-missing', detail: 'its stored result is gone' };

/** Reasons of a block whose inputs are known and for which no trace answers; never empty. */
export function reasonsToRun(
  context: Context,
  block: number,
  prepared: Prepared,
  refusals: readonly Refusal[],
): readonly Reason[] {
  const { declaration, memory } = context.project.snapshot.blocks[block]!;
  if (memory.failure?.key === prepared.key) return [{ kind: 'failed', detail: memory.failure.message }];
  const refused = refusals.find(({ trace }) => trace.id === memory.last?.id) ?? refusals[0];
  if (memory.last === null) {
    if (refused !== undefined) return [refused.reason];
    return memory.failure === null ? NEVER_RUN : [{ kind: 'failed', detail: memory.failure.message }];
  }
  if (memory.last.key !== prepared.key) {
    const before = memory.last.ingredients;
    const now = comparable(context, block, before, prepared.ingredients);
    const changed = [
      ...ownDifferences(before, now, placesOf(context, block)),
      ...inputDifferences(before, now, prepared),
    ];
    if (refused !== undefined) changed.push(refused.reason);
    return changed.length > 0 ? changed : [CACHE_MISSING];
  }
  if (declaration.run === 'always') return ALWAYS;
  return [refused?.reason ?? CACHE_MISSING];
}

/**
 * What can be said of a block whose inputs are not known yet: reasons that hold whatever they turn out to be.
 * Empty: only its inputs can make it run.
 */
export function ownReasons(context: Context, block: number): readonly Reason[] {
  const { project, world } = context;
  const { declaration, memory } = project.snapshot.blocks[block]!;
  const { last } = memory;
  if (memory.failure !== null) return [{ kind: 'failed', detail: memory.failure.message }];
  if (last === null) return NEVER_RUN;
  const names = last.ingredients.parameters
    .map(({ name }) => name)
    .filter(name => project.snapshot.parameters.has(name));
  const now = ingredientsOf(project, world, block, last.ingredients.inputs, names);
  const reasons = ownDifferences(last.ingredients, now, placesOf(context, block));
  if (declaration.run === 'always') reasons.push(...ALWAYS);
  if (reasons.length > 0) return reasons;
  if (lastStored(context, block) === undefined) return [CACHE_MISSING];
  const circumstances = circumstancesOf(context, block);
  const unserved = firstUnserved(last, circumstances.request);
  if (unserved !== undefined) return [{ kind: 'filter', detail: `filter now asks for ${unserved}` }];
  const failing = policyFailing(last, circumstances) ?? dependencyFailing(last, world, null, () => last);
  return failing === undefined ? [] : [failing];
}

/** A cell that does not parse counts as reading everything, which is no news to anybody. */
function comparable({ project }: Context, block: number, before: Ingredients, now: Ingredients): Ingredients {
  if (project.snapshot.blocks[block]!.cells.every(({ syntaxError }) => syntaxError === null)) return now;
  const known = (items: readonly { readonly name: string }[]) => new Set(items.map(({ name }) => name));
  const [parameters, inputs] = [known(before.parameters), known(before.inputs)];
  return {
    ...now,
    parameters: now.parameters.filter(({ name }) => parameters.has(name)),
    inputs: now.inputs.filter(({ name }) => inputs.has(name)),
  };
}

type Places = (ordinal: number) => number;

/** Place of a non-empty code cell (from 0) among all cells of the notebook (from 1), as a person counts them. */
const placesOf =
  ({ project }: Context, block: number): Places =>
  ordinal =>
    project.snapshot.blocks[block]!.places?.[ordinal] ?? ordinal + 1;

/** Everything but the inputs. */
function ownDifferences(before: Ingredients, now: Ingredients, places: Places): Reason[] {
  const reasons: Reason[] = [];
  reasons.push(...cellDifferences(before.cells, now.cells, places));
  if (frameList(before.prelude, frameText) !== frameList(now.prelude, frameText))
    reasons.push({ kind: 'code', detail: 'the prelude changed' });
  if (before.cwd !== now.cwd)
    reasons.push({ kind: 'code', detail: `its working folder changed to ${now.cwd}` });
  if (before.environment !== now.environment)
    reasons.push({ kind: 'environment', detail: 'Python or the kernel changed' });
  if (before.seed !== now.seed) reasons.push({ kind: 'parameter', detail: 'the seed changed' });
  if (before.version !== now.version)
    reasons.push({ kind: 'environment', detail: 'another version of dagpy stored it' });
  if (before.uid !== now.uid) reasons.push({ kind: 'code', detail: 'its notebook is another one' });
  for (const { name, change } of differences(
    before.parameters,
    now.parameters,
    ({ name }) => name,
    ({ value }) => frameJson(value),
  )) {
    reasons.push({
      kind: 'parameter',
      detail: `parameter ${name} ${change === 'changed' ? 'changed' : change === 'new' ? 'is read now' : 'is not read any more'}`,
    });
  }
  const declaredName = ({ kind, name }: Ingredients['declared'][number]) =>
    kind === 'file' ? `file ${name}` : `environment variable ${name}`;
  for (const { name, item, change } of differences(
    before.declared,
    now.declared,
    declaredName,
    ({ digest }) => frameDigest(digest),
  )) {
    reasons.push({
      kind: item.kind,
      detail: `${name} ${change === 'changed' ? 'changed' : change === 'new' ? 'is new' : 'is gone'}`,
    });
  }
  return reasons;
}

function inputDifferences(before: Ingredients, now: Ingredients, { inputs }: Prepared): Reason[] {
  const from = (name: string) => {
    const source = inputs.components.find(({ bind }) =>
      [...bind.values()].some(names => names.includes(name)),
    );
    return source === undefined ? '' : ` of ${source.from}`;
  };
  const frame = (input: Ingredients['inputs'][number]) =>
    frameText(input.component) + frameList(input.sharing, frameText);
  return differences(before.inputs, now.inputs, ({ name }) => name, frame).map(({ name, change }) => {
    if (name.startsWith('*')) return { kind: 'input', detail: `the session of ${name.slice(1)} changed` };
    return {
      kind: 'input',
      detail: `input ${name}${from(name)} ${change === 'changed' ? 'changed' : change === 'new' ? 'is new' : 'is gone'}`,
    };
  });
}

/** Cells are named by where they stand now; removed ones by the cell that they followed. */
function cellDifferences(before: readonly string[], now: readonly string[], places: Places): Reason[] {
  const { changed, added, removed, end } = cellChanges(before, now);
  const details = [
    ...changed.map(ordinal => `cell ${places(ordinal)} changed`),
    ...added.map(ordinal => `cell ${places(ordinal)} is new`),
  ];
  if (removed > 0)
    details.push(
      `${removed === 1 ? 'a cell was' : `${removed} cells were`} removed ${end === 0 ? 'at the start' : `after cell ${places(end - 1)}`}`,
    );
  return details.map(detail => ({ kind: 'code', detail }));
}

interface Difference<Item> {
  readonly name: string;
  readonly item: Item;
  readonly change: 'new' | 'changed' | 'gone';
}

function differences<Item>(
  before: readonly Item[],
  now: readonly Item[],
  name: (item: Item) => string,
  frame: (item: Item) => string,
): Difference<Item>[] {
  const old = new Map(before.map(item => [name(item), item]));
  const found: Difference<Item>[] = [];
  for (const item of now) {
    const was = old.get(name(item));
    old.delete(name(item));
    if (was === undefined) found.push({ name: name(item), item, change: 'new' });
    else if (frame(was) !== frame(item)) found.push({ name: name(item), item, change: 'changed' });
  }
  for (const [key, item] of old) found.push({ name: key, item, change: 'gone' });
  return found;
}
