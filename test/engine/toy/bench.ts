/** An in-memory project that lives on through edits: store, worker and run loop in one, all deterministic. */
import {
  asDigest,
  keyOf as asKey,
  traceId,
  type BlockId,
  type Digest,
  type Key,
} from '../../../src/protocol/ids.js';
import type { ObjectRef, Trace } from '../../../src/protocol/trace.js';
import type { RunReport } from '../../../src/protocol/reports.js';
import {
  openContext,
  startRun,
  step,
  type Ambient,
  type BlockMemory,
  type Effect,
  type ExecuteEffect,
  type KeyFunction,
  type RunInput,
  type RunRequest,
  type Segment,
  type World,
} from '../../../src/engine/index.js';
import { Session, sha, ToyError, type Literal, type Value } from './language.js';
import { idOf, indexOf, NO_MEMORY, snapshotOf, uidOf, type ToyProject } from './project.js';
import { handedNow, leave, restore, type Handed, type Restored, type StoredComponent } from './storing.js';

export interface RunResult {
  readonly report: Omit<RunReport, 'seconds'>;
  readonly problems: readonly { readonly code: string; readonly message: string; readonly remedy: string }[];
  /** What started, in order. */
  readonly started: readonly ExecuteEffect[];
}

export interface BenchOptions {
  readonly keep?: number;
  readonly keyOf?: KeyFunction;
}

/** Picks which of `count` outstanding jobs ends next. */
export type Chooser = (count: number) => number;

interface Began {
  readonly restored: readonly Restored[];
  readonly handed: Handed;
}

export class Bench {
  readonly memory = new Map<number, BlockMemory>();
  readonly blobs = new Map<Digest, string>();
  /** Of each block, oldest first. */
  readonly traces = new Map<number, Trace[]>();
  readonly #made = new Map<number, number>();
  #replays: readonly BlockId[] = [];
  readonly #options: BenchOptions;
  project: ToyProject;

  constructor(project: ToyProject, options: BenchOptions = {}) {
    this.project = project;
    this.#options = options;
  }

  get world(): World {
    const byKey = new Map<Key, Trace[]>();
    for (const traces of this.traces.values())
      for (const trace of traces) byKey.set(trace.key, [trace, ...(byKey.get(trace.key) ?? [])]);
    return {
      // A live view, since traces are committed while a run goes on.
      traces: key =>
        [...this.traces.values()]
          .flat()
          .filter(trace => trace.key === key)
          .reverse(),
      observe: (_kind, name) => {
        const content = this.project.files.get(name);
        return content === undefined ? null : sha(content);
      },
      expand: glob => [glob],
    };
  }

  context() {
    const opened = openContext({
      snapshot: snapshotOf(this.project, index => this.memory.get(index) ?? NO_MEMORY),
      world: this.world,
      hasher: { digest: sha },
      now: 0,
      ...(this.#options.keyOf === undefined ? {} : { keyOf: this.#options.keyOf }),
    });
    if (!opened.ok) throw new Error(opened.problems.map(({ message }) => message).join('\n'));
    return opened.value;
  }

  run(
    request: RunRequest = { target: { kind: 'affected' }, force: false },
    choose: Chooser = () => 0,
    jobs = 3,
  ): RunResult {
    const begun = startRun(this.context(), { run: 'r1' as never, request, jobs });
    if (!begun.ok) throw new Error(begun.problems.map(({ message }) => message).join('\n'));
    let state = begun.value;
    const waiting: Effect[] = [];
    const started: ExecuteEffect[] = [];
    let next: RunInput = { kind: 'started' };
    for (;;) {
      const stepped = step(state, next);
      state = stepped.state;
      for (const effect of stepped.effects) {
        if (effect.kind === 'finish') return { report: effect.report, problems: effect.problems, started };
        if (effect.kind === 'execute') started.push(effect);
        if (effect.kind === 'execute' || effect.kind === 'restore') waiting.push(effect);
      }
      if (waiting.filter(({ kind }) => kind === 'execute').length > jobs)
        throw new Error('more jobs than allowed');
      const [ended] = waiting.splice(choose(waiting.length), 1);
      if (ended === undefined) throw new Error('the run does not end');
      next = this.#perform(ended);
    }
  }

  /** What the block's notebook shows. */
  shown(index: number): string | undefined {
    const trace = this.shownTrace(index);
    return trace && this.blobs.get(trace.display.digest);
  }

  shownTrace(index: number): Trace | undefined {
    return this.traces.get(index)?.find(({ id }) => id === this.memory.get(index)?.shown);
  }

  remove(index: number, nth: number): void {
    this.traces.get(index)?.splice(nth, 1);
  }

  #perform(effect: Effect): RunInput {
    if (effect.kind === 'restore') {
      this.#remember(indexOf(effect.block), effect.trace);
      return { kind: 'restored', block: effect.block, ok: true };
    }
    if (effect.kind !== 'execute') throw new Error(`nothing to perform for ${effect.kind}`);
    const trace = this.execute(effect);
    const index = indexOf(effect.block);
    if (trace === undefined) {
      const memory = this.memory.get(index) ?? NO_MEMORY;
      this.memory.set(index, {
        ...memory,
        shown: null,
        failure: { key: effect.key, message: 'failed', seconds: 1 },
      });
      return {
        kind: 'finished',
        block: effect.block,
        key: effect.key,
        outcome: { kind: 'failed', replayed: this.#replays },
      };
    }
    const kept = [...(this.traces.get(index) ?? []), trace];
    this.traces.set(index, kept.slice(-(this.#options.keep ?? 3)));
    this.#remember(index, trace);
    return { kind: 'finished', block: effect.block, key: effect.key, outcome: { kind: 'stored', trace } };
  }

  #remember(index: number, trace: Trace): void {
    this.memory.set(index, { shown: trace.id, last: trace, failure: null });
  }

  /** The worker: `undefined` when the code raises. */
  execute(effect: ExecuteEffect): Trace | undefined {
    const index = indexOf(effect.block);
    const session = new Session({
      readFile: path => this.project.files.get(path) ?? null,
      parameters: effect.parameters as ReadonlyMap<string, number>,
    });
    const replayed: BlockId[] = [];
    this.#replays = replayed;
    let began: Began;
    try {
      began = this.#chain(
        session,
        effect.segments,
        effect.parameters as ReadonlyMap<string, number>,
        replayed,
      );
    } catch (error) {
      if (error instanceof ToyError) return undefined;
      throw error;
    }
    const { components, withheld } = leave(session, began.restored, began.handed, effect);
    const made = (this.#made.get(index) ?? 0) + 1;
    this.#made.set(index, made);
    return {
      version: 1,
      id: traceId(`b${index}:${made}`),
      key: effect.key,
      uid: uidOf(index),
      block: idOf(index),
      createdAt: 0,
      seconds: 1,
      peakBytes: 0,
      ingredients: effect.ingredients,
      code: [],
      discovered: [
        ...[...session.filesRead].map(([name, content]) => ({
          kind: 'file' as const,
          name,
          digest: content === null ? null : sha(content),
        })),
        ...(session.usedRandom
          ? [
              {
                kind: 'ambient' as const,
                name: 'random',
                digest: effect.ambient.get('random')?.digest ?? null,
              },
            ]
          : []),
      ],
      exports: components.map(component => this.#store(component)),
      withheld: withheld.map(each => ({ ...each, type: 'toy', detail: 'can not be stored' })),
      appended: [],
      ambient: session.changedRandom
        ? [{ adapter: 'random', state: this.#blob(`random ${session.random}`) }]
        : [],
      display: this.#blob(session.shown.join('\n')),
      written: [],
      external: [],
      untracked: [],
      imports: [],
      replayed: [...new Set(replayed)],
      warnings: [],
    };
  }

  /** Runs segments in one namespace; what the last one began with. */
  #chain(
    session: Session,
    segments: readonly Segment[],
    parameters: ReadonlyMap<string, Literal>,
    replayed: BlockId[],
  ): Began {
    let began: Began = { restored: [], handed: new Map() };
    const all: Restored[] = [];
    for (const { block, role, inputs, live, ambient } of segments) {
      const handed = new Map<string, Value>();
      for (const { segments: beside, bind } of live) {
        const aside = session.setAside(parameters);
        this.#chain(session, beside, parameters, replayed);
        for (const [theirs, names] of bind) for (const name of names) handed.set(name, session.taken(theirs));
        session.putBack(aside);
      }
      if (role === 'replay') replayed.push(block);
      session.begin(this.#random(ambient, indexOf(block)));
      const restored = inputs.map(({ component, bind }) =>
        restore(session, {
          stored: { ...component, bytes: this.blobs.get(component.head.digest)! },
          bind,
        }),
      );
      session.hand(handed);
      all.push(...restored);
      began = { restored: all, handed: handedNow(session) };
      for (const cell of this.project.blocks[indexOf(block)]!.cells) session.run(cell.statements);
    }
    return began;
  }

  #random(ambient: Ambient, index: number): number {
    const state = ambient.get('random');
    return state === undefined ? index + 100 : Number(this.blobs.get(state.digest)!.slice('random '.length));
  }

  #store({ names, bytes, reaches, hidden }: StoredComponent): Trace['exports'][number] {
    const head = this.#blob(bytes);
    const variables = names.map(name => ({ name, type: 'toy', bytes: bytes.length, summary: '' }));
    return {
      names,
      digest: sha(`component ${head.digest} ${names.join(' ')}`),
      head,
      buffers: [],
      lineTables: null,
      variables,
      reaches,
      hidden,
    };
  }

  #blob(text: string): ObjectRef {
    const digest = sha(text);
    this.blobs.set(digest, text);
    return { digest, size: text.length };
  }
}

/** A key that leaves something out, for tests of the tests. */
export const brokenKey =
  (frame: (text: Parameters<KeyFunction>[0]) => string): KeyFunction =>
  ingredients =>
    asKey(asDigest(sha(frame(ingredients)))!);

export type { BlockId };
