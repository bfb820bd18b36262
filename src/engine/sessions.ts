/** Everything that runs in the process of a block: replays for what can not be stored, and the block itself. */
import type { Json } from '../protocol/dagFile.js';
import type { BlockId } from '../protocol/ids.js';
import type { Ambient } from './ambient.js';
import type { Context, Values } from './context.js';
import type { LiveSession, Segment } from './effects.js';
import { resolveInputs } from './inputs.js';
import { rewrittenBy } from './replay.js';
import type { BoundComponent, ResolvedInputs } from './resolvedInputs.js';

/** Segments in order, the block's own last; `parameters` takes in what the code of any of them reads. */
export function segmentsOf(
  context: Context,
  block: number,
  inputs: ResolvedInputs,
  values: Values,
  parameters: Map<string, Json>,
  role: Segment['role'] = 'main',
): readonly Segment[] {
  const { project, hasher } = context;
  const { graph, snapshot } = project;
  const { live, replay } = inputs;
  if (live.length === 0 && replay.length === 0)
    return [new LoneSegment(graph.ids[block]!, role, inputs, values.inheritedBy(block))];
  const resolved = (replayed: number): ResolvedInputs => {
    const theirs = resolveInputs(project, hasher, replayed, values.traceOf);
    // It was resolved when the replayed block was judged, by the same traces.
    if (!theirs.ok) throw new Error(`the inputs of ${graph.ids[replayed]} do not resolve any more`);
    for (const name of theirs.value.parameters) parameters.set(name, snapshot.parameters.get(name)!);
    return theirs.value;
  };
  const segment = (of: number, { components, live }: ResolvedInputs, as: Segment['role']): Segment => ({
    block: graph.ids[of]!,
    role: as,
    inputs: components,
    live: live.map(({ from, bind }): LiveSession => ({
      segments: segmentsOf(context, from, resolved(from), values, parameters, 'replay'),
      bind,
    })),
    ambient: values.inheritedBy(of),
  });
  return [
    ...inputs.replay.map(replayed => segment(replayed, resolved(replayed), 'replay')),
    segment(block, inputs, role),
  ];
}

/** What it restores is worked out when a worker is told of it. */
class LoneSegment implements Segment {
  readonly live: readonly LiveSession[] = NONE;
  readonly #resolved: ResolvedInputs;

  constructor(
    readonly block: BlockId,
    readonly role: Segment['role'],
    resolved: ResolvedInputs,
    readonly ambient: Ambient,
  ) {
    this.#resolved = resolved;
  }

  get inputs(): readonly BoundComponent[] {
    return this.#resolved.components;
  }
}

const NONE: readonly never[] = [];

/** Blocks whose code runs again, each once, in the order of their first start. */
export function replayedBy(segments: readonly Segment[]): readonly BlockId[] {
  const blocks = new Set<BlockId>();
  const visit = (segment: Segment): void => {
    for (const session of segment.live) session.segments.forEach(visit);
    if (segment.role === 'replay') blocks.add(segment.block);
  };
  segments.forEach(visit);
  return [...blocks];
}

/**
 * Whether a replay writes files that its block wrote before. Others may read them meanwhile, and two replays would
 * write them at once: such a block runs while nothing else does.
 */
export function writesAgain({ project }: Context, segments: readonly Segment[], values: Values): boolean {
  if (segments.every(({ role, live }) => role === 'main' && live.length === 0)) return false;
  return replayedBy(segments).some(
    block => rewrittenBy(values.traceOf(project.graph.indexOf.get(block)!)).length > 0,
  );
}
