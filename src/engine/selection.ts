/** Which blocks a run is about, and which it has to look at for their sake. */
import type { BlockId } from '../protocol/ids.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { ancestorsOf, descendantsOf } from './closures.js';
import { frozenTrace, lastStored, type Context } from './context.js';
import { unknownBlock, type Graph } from './graph.js';
import { marked } from './marks.js';

export type Target =
  | { readonly kind: 'affected' }
  | { readonly kind: 'all' }
  | {
      readonly kind: 'ids';
      /** `k` · `k+` it and what is below · `+k` it and what is above · `+k+` both · `(k)+`, `+(k)`, `+(k)+` without itself. */
      readonly selectors: readonly string[];
      /** `needs`: as selected · `only`: on the last stored values of others · `upstream`: without themselves · `downstream`: and below. */
      readonly reach: 'needs' | 'only' | 'upstream' | 'downstream';
    };

export interface RunRequest {
  readonly target: Target;
  /** Runs the target although traces may answer. */
  readonly force: boolean;
}

/** Marks, one byte a block. */
export interface Selection {
  /** What was asked for. */
  readonly target: Uint8Array;
  /** The target and what has to be fresh for it. */
  readonly scope: Uint8Array;
  readonly forced: Uint8Array;
}

export function select(context: Context, { target: asked, force }: RunRequest): Result<Selection> {
  const { graph } = context.project;
  if (asked.kind !== 'ids') {
    const every = new Uint8Array(graph.size).fill(1);
    // Frozen blocks stay as they are unless they are named.
    const forced = force
      ? every.map((_, block) => (frozenTrace(context, block) === undefined ? 1 : 0))
      : new Uint8Array(graph.size);
    return success({ target: every, scope: every, forced });
  }
  const chosen = new Uint8Array(graph.size);
  // Chosen blocks whose ancestors have to be fresh: those below a block (`k+`) go by what others handed on last.
  const seeds = new Uint8Array(graph.size);
  const problems: Problem[] = [];
  for (const selector of asked.selectors) {
    const parsed = parse(graph, selector);
    if (parsed === undefined) problems.push(unknownBlock(nameIn(selector), graph.ids));
    else mark(graph, chosen, seeds, parsed, asked.reach);
  }
  if (problems.length > 0) return failure(...problems);
  const forced = force ? chosen : new Uint8Array(graph.size);
  if (asked.reach === 'only') return success({ target: chosen, scope: chosen, forced });
  // What a frozen block needed once is not needed any more.
  const isClosed = (block: number) => forced[block] !== 1 && frozenTrace(context, block) !== undefined;
  const needed = ancestorsOf(graph, marked(seeds), isClosed);
  const scope = chosen.map((mark, block) => (mark === 1 || needed[block] === 1 ? 1 : 0));
  addNeverRun(context, scope, isClosed);
  return success({ target: chosen, scope, forced });
}

/** Marks for looking at a part of the graph: as selectors of a run, but `k` alone stands for all above and below it too. */
export function lineageOf(graph: Graph, selectors: readonly string[]): Result<Uint8Array> {
  const chosen = new Uint8Array(graph.size);
  const seeds = new Uint8Array(graph.size);
  const problems: Problem[] = [];
  for (const selector of selectors) {
    const parsed = parse(graph, selector);
    if (parsed === undefined) problems.push(unknownBlock(nameIn(selector), graph.ids));
    else {
      const isAlone = parsed.itself && !parsed.above && !parsed.below;
      mark(graph, chosen, seeds, isAlone ? { ...parsed, above: true, below: true } : parsed, 'needs');
    }
  }
  return problems.length > 0 ? failure(...problems) : success(chosen);
}

const nameIn = (selector: string): string => selector.replace(/^\+?\(?|\)?\+?$/g, '');

interface Parsed {
  readonly block: number;
  readonly above: boolean;
  readonly below: boolean;
  readonly itself: boolean;
}

function parse(graph: Graph, selector: string): Parsed | undefined {
  // A block may be called `a+`: the exact name goes first.
  const exact = graph.indexOf.get(selector as BlockId);
  if (exact !== undefined) return { block: exact, above: false, below: false, itself: true };
  const match = /^(\+?)(?:\((.+)\)|(.+?))(\+?)$/s.exec(selector);
  if (match === null) return undefined;
  const [, before, without, plain, after] = match;
  const block = graph.indexOf.get((without ?? plain) as BlockId);
  return block === undefined
    ? undefined
    : { block, above: before === '+', below: after === '+', itself: without === undefined };
}

function mark(
  graph: Graph,
  chosen: Uint8Array,
  seeds: Uint8Array,
  { block, above, below, itself }: Parsed,
  reach: 'needs' | 'only' | 'upstream' | 'downstream',
): void {
  const add = (marks: Uint8Array) => {
    for (const other of marked(marks)) if (other !== block) chosen[other] = 1;
  };
  if (above || reach === 'upstream') {
    add(ancestorsOf(graph, [block]));
    seeds[block] = itself && reach !== 'upstream' ? 1 : 0;
    for (const parent of marked(ancestorsOf(graph, [block]))) if (parent !== block) seeds[parent] = 1;
  } else if (!below && reach !== 'downstream') seeds[block] = 1;
  if (below || reach === 'downstream') add(descendantsOf(graph, [block]));
  if (itself && reach !== 'upstream') chosen[block] = 1;
}

/** An ancestor that has nothing stored has to run, or nothing below it can. */
function addNeverRun(context: Context, scope: Uint8Array, isClosed: (block: number) => boolean): void {
  const { graph } = context.project;
  const open = [...marked(scope)];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (isClosed(block)) continue;
    for (let slot = graph.parentStart[block]!; slot < graph.parentStart[block + 1]!; slot += 1) {
      const parent = graph.parents[slot]!;
      if (scope[parent] === 1 || lastStored(context, parent) !== undefined) continue;
      scope[parent] = 1;
      open.push(parent);
    }
  }
}
