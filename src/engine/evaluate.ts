/** One block whose parents' values are known: its inputs, its key, and whether a trace answers. */
import type { Key } from '../protocol/ids.js';
import type { Problem } from '../protocol/problem.js';
import type { Ingredients, Trace } from '../protocol/trace.js';
import type { Ambient } from './ambient.js';
import type { Context, Values } from './context.js';
import type { ExportRequest } from './filters.js';
import { inputNames } from './inputNames.js';
import { resolveInputs } from './inputs.js';
import { ingredientsOf } from './key.js';
import { dependencyFailing, lookUp, outputsInPlace, type Circumstances, type Refusal } from './lookup.js';
import { namesOf } from './project.js';
import type { ResolvedInputs } from './resolvedInputs.js';

/** What is known of a block before it runs. */
export interface Prepared {
  readonly kind: 'prepared';
  readonly key: Key;
  readonly ingredients: Ingredients;
  readonly inputs: ResolvedInputs;
  readonly inherited: Ambient;
}

export type Evaluation =
  | { readonly kind: 'problem'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'answered';
      readonly key: Key;
      readonly trace: Trace;
      readonly inherited: Ambient;
      /** Its outputs have to be put back: the notebook shows other ones, or a declared file is not in place. */
      readonly restores: boolean;
    }
  | { readonly kind: 'unanswered'; readonly prepared: Prepared; readonly refusals: readonly Refusal[] };

/** @param values must hold the parents that hand on values, and ancestors behind filters that are off */
export function prepare(
  context: Context,
  block: number,
  values: Values,
): Prepared | Extract<Evaluation, { kind: 'problem' }> {
  const { project, world, hasher } = context;
  const inputs = resolveInputs(project, hasher, block, values.traceOf);
  if (!inputs.ok) return { kind: 'problem', problems: inputs.problems };
  const { replay, live } = inputs.value;
  const stale =
    replay.length === 0 && live.length === 0
      ? undefined
      : replayedOf(inputs.value).find(replayed => !isCurrent(context, replayed, values));
  if (stale !== undefined) return { kind: 'problem', problems: [staleReplay(context, block, stale)] };
  const ingredients = ingredientsOf(project, world, block, inputs.value.ingredients, inputs.value.parameters);
  return {
    kind: 'prepared',
    key: context.keyOf(ingredients),
    ingredients,
    inputs: inputs.value,
    inherited: values.inheritedBy(block),
  };
}

export const replayedOf = ({ replay, live }: ResolvedInputs): readonly number[] =>
  live.length === 0 ? replay : [...replay, ...live.map(({ from }) => from)];

/**
 * Whether running a block again gives the session that its trace stands for: its code and inputs are those of the
 * trace. So it is with every block that was judged; last stored values of others can be older than their code.
 */
function isCurrent(context: Context, block: number, values: Values): boolean {
  if (!values.isRemembered(block)) return true;
  if (values.lackedBy(block).length > 0) return false;
  const trace = values.traceOf(block);
  const prepared = prepare(context, block, values);
  return (
    prepared.kind === 'prepared' &&
    prepared.key === trace.key &&
    dependencyFailing(trace, context.world, prepared.inherited, () => null) === undefined
  );
}

function staleReplay({ project }: Context, block: number, replayed: number): Problem {
  const { ids } = project.graph;
  return {
    code: 'replay-stale',
    message: `${ids[block]} needs ${ids[replayed]} to run again beside it, and what is stored of ${ids[replayed]} is older than its code or inputs`,
    file: project.snapshot.blocks[block]!.declaration.notebook,
    remedy: `run it with what it needs: dagpy run ${ids[block]}`,
  };
}

export function evaluate(context: Context, block: number, values: Values): Evaluation {
  const prepared = prepare(context, block, values);
  if (prepared.kind === 'problem') return prepared;
  const { declaration, memory } = context.project.snapshot.blocks[block]!;
  // `always` asks for a run whatever is stored.
  if (declaration.run === 'always') return { kind: 'unanswered', prepared, refusals: NONE };
  const { key, inherited } = prepared;
  const traces = context.world.traces(key);
  if (traces.length === 0) return { kind: 'unanswered', prepared, refusals: NONE };
  const found = lookUp(traces, {
    ...circumstancesOf(context, block, handedToReplays(prepared.inputs, values)),
    inherited,
  });
  if (found.answer === null) return { kind: 'unanswered', prepared, refusals: found.refusals };
  const trace = found.answer;
  const restores = memory.shown !== trace.id || !outputsInPlace(trace, context.world);
  return { kind: 'answered', key, trace, inherited, restores };
}

const NONE: readonly Refusal[] = [];

const handedToReplays =
  ({ replay }: ResolvedInputs, values: Values) =>
  (): readonly string[] =>
    replay.flatMap(block => inputNames(values.traceOf(block)));

/** @param replayed names handed to replayed ancestors, where their traces are known */
export function circumstancesOf(
  { project, world, now }: Context,
  block: number,
  replayed: ExportRequest['replayed'] = () => [],
): Omit<Circumstances, 'inherited'> {
  const { declaration, cells, memory } = project.snapshot.blocks[block]!;
  return {
    world,
    last: () => memory.last,
    declaration,
    externalTtl: project.snapshot.dag.externalTtl,
    now,
    request: {
      filter: declaration.filter,
      accepts: project.accepts(block),
      wanted: () => project.wanted(block),
      replayed,
      deletes: () => namesOf(cells, facts => facts.deletes),
    },
  };
}
