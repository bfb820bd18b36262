/** How long a planned run takes and how much memory it needs, from how it was last time. */
import type { BlockId } from '../protocol/ids.js';
import type { Project } from './project.js';

export interface Estimate {
  /** Wall time if all of it runs. */
  readonly seconds: number;
  /** The same one block at a time. */
  readonly workSeconds: number;
  /** Most that blocks running at one time take together, bytes, their inputs included. */
  readonly peakBytes: number;
  /** Blocks that never ran: each is taken for an average one. */
  readonly unknown: readonly BlockId[];
}

/**
 * Plays the run through: blocks start in topological order as soon as their parents have ended and a worker is free.
 * @param blocks what would run, all that only may run included. @param jobs blocks at a time
 */
export function estimate(
  { graph, snapshot }: Pick<Project, 'graph' | 'snapshot'>,
  blocks: readonly BlockId[],
  jobs: number,
): Estimate {
  const planned = new Set(blocks.map(id => graph.indexOf.get(id)!));
  const last = (block: number) => snapshot.blocks[block]!.memory.last;
  const known = [...planned].flatMap(block => last(block) ?? []);
  const average = (values: readonly number[]): number =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanSeconds, meanBytes] = [
    average(known.map(trace => trace.seconds)),
    average(known.map(trace => trace.peakBytes)),
  ];
  const endOf = new Map<number, number>();
  const slots: { freeAt: number }[] = Array.from({ length: Math.max(1, jobs) }, () => ({ freeAt: 0 }));
  const spans: Span[] = [];
  for (const block of graph.order) {
    if (!planned.has(block)) continue;
    const { seconds, peakBytes } = last(block) ?? { seconds: meanSeconds, peakBytes: meanBytes };
    const slot = slots.reduce((best, each) => (each.freeAt < best.freeAt ? each : best));
    let from = slot.freeAt;
    for (let at = graph.parentStart[block]!; at < graph.parentStart[block + 1]!; at += 1)
      from = Math.max(from, endOf.get(graph.parents[at]!) ?? 0);
    slot.freeAt = from + seconds;
    endOf.set(block, slot.freeAt);
    spans.push({ from, to: slot.freeAt, bytes: peakBytes });
  }
  return {
    seconds: slots.reduce((end, { freeAt }) => Math.max(end, freeAt), 0),
    workSeconds: spans.reduce((sum, { from, to }) => sum + (to - from), 0),
    peakBytes: mostAtOnce(spans),
    unknown: [...planned].filter(block => last(block) === null).map(block => graph.ids[block]!),
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Most bytes at one time; a block that ends makes room for one that starts then. */
function mostAtOnce(spans: readonly Span[]): number {
  const changes = spans.flatMap(({ from, to, bytes }) => [
    { at: from, bytes },
    { at: to, bytes: -bytes },
  ]);
  changes.sort((a, b) => a.at - b.at || a.bytes - b.bytes);
  let now = 0;
  let most = 0;
  for (const { bytes } of changes) {
    now += bytes;
    most = Math.max(most, now);
  }
  return most;
}
