/**
 * What must come out, worked out without keys, traces or steps: every block run in order from its parents' values
 * (small numbers first, since edges only come from smaller ones), and which runs of the past still say the same.
 */
import { filterTest } from '../../../src/engine/index.js';
import { factsOf, Session, ToyError, type Literal } from './language.js';
import type { ToyBlock, ToyProject } from './project.js';
import { leave, restore, type Left, type StoredComponent, type ToyInput } from './storing.js';

export interface CleanBlock {
  readonly status: 'ok' | 'failed' | 'blocked';
  readonly left: Left;
  /** Of `left`, what children see. */
  readonly visible: readonly (readonly [name: string, component: StoredComponent])[];
  readonly shown: string;
  /** Everything its run depended on that was known before it: code, values, parameters. */
  readonly given: string;
  readonly files: ReadonlyMap<string, string | null>;
  /** Random state it inherited; `undefined`: it did not draw. */
  readonly random: number | null | undefined;
  readonly randomAfter: number | null;
  /** What its session hands on when its filter is off. */
  readonly sessionNames: ReadonlySet<string>;
  readonly inputs: readonly ToyInput[];
  readonly parameters: ReadonlyMap<string, Literal>;
  readonly chain: readonly number[];
}

interface Candidate {
  readonly parent: number;
  readonly component: StoredComponent | null;
  readonly stored: string;
  readonly opaque: boolean;
}

class Refused extends Error {}

export function cleanRun(project: ToyProject): readonly CleanBlock[] {
  const done: CleanBlock[] = [];
  project.blocks.forEach((block, index) => done.push(cleanBlock(project, done, block, index)));
  return done;
}

const EMPTY: Left = { components: [], withheld: [] };

function cleanBlock(
  project: ToyProject,
  done: readonly CleanBlock[],
  block: ToyBlock,
  index: number,
): CleanBlock {
  const nothing = {
    left: EMPTY,
    visible: [],
    shown: '',
    given: '',
    files: new Map(),
    random: undefined,
    randomAfter: null,
    sessionNames: new Set<string>(),
    inputs: [],
    parameters: new Map(),
    chain: [],
  };
  if (block.parents.some(({ parent }) => done[parent]!.status !== 'ok'))
    return { ...nothing, status: 'blocked' };
  const chain = chainOf(project, index);
  const randomBefore = inheritedRandom(project, done, index);
  try {
    const { inputs, parameters, given } = inputsOf(project, done, block);
    const allParameters = new Map([...parameters, ...chain.flatMap(each => [...done[each]!.parameters])]);
    const session = new Session({
      readFile: path => project.files.get(path) ?? null,
      parameters: allParameters,
      random: randomBefore ?? index + 100,
    });
    const restored = [];
    for (const each of [...chain, index]) {
      for (const input of each === index ? inputs : done[each]!.inputs)
        restored.push(restore(session, input));
      session.shown = [];
      for (const { statements } of project.blocks[each]!.cells) session.run(statements);
    }
    const left = leave(session, restored, { filter: block.filter, wanted: wantedOf(project, index) });
    const own = new Set([
      ...session.defined,
      ...inputs.flatMap(({ bind }) => [...bind.values()].flat()),
      ...chain.flatMap(each => [...done[each]!.sessionNames]),
    ]);
    return {
      status: 'ok',
      left,
      visible: visibleOf(block, left, inputs),
      shown: session.shown.join('\n'),
      given,
      files: session.filesRead,
      random: session.usedRandom ? randomBefore : undefined,
      randomAfter: session.changedRandom ? session.random : randomBefore,
      sessionNames: own,
      inputs,
      parameters,
      chain,
    };
  } catch (error) {
    if (error instanceof Refused || error instanceof ToyError) return { ...nothing, status: 'failed' };
    throw error;
  }
}

/** Under `auto`, what came along for functions shows too, unless it is an input as it came. */
function visibleOf(
  { filter }: ToyBlock,
  { components }: Left,
  inputs: readonly ToyInput[],
): [string, StoredComponent][] {
  const came = (bytes: string) => inputs.some(({ stored }) => stored.bytes === bytes);
  return components.flatMap(component =>
    component.names
      .filter(name => !component.hidden.includes(name) || (filter.kind === 'auto' && !came(component.bytes)))
      .map((name): [string, StoredComponent] => [name, component]),
  );
}

function readsOf(block: ToyBlock): { names: Set<string>; everything: boolean } {
  const names = new Set<string>();
  const bound = new Set<string>();
  for (const facts of block.cells.map(factsOf)) {
    for (const name of facts.loads) if (!bound.has(name)) names.add(name);
    for (const name of facts.binds) bound.add(name);
  }
  return {
    names,
    everything: block.cells.some(({ statements }) => statements.some(({ op }) => op === 'eval')),
  };
}

function wantedOf(project: ToyProject, index: number): string[] | null {
  const wanted: string[] = [];
  for (const block of project.blocks) {
    const { names, everything } = readsOf(block);
    for (const { use } of block.parents.filter(({ parent }) => parent === index)) {
      if (use !== undefined)
        wanted.push(
          ...[...use].filter(([, mine]) => everything || names.has(mine)).map(([theirs]) => theirs),
        );
      else if (everything) return null;
      else wanted.push(...names);
    }
  }
  return wanted;
}

function inputsOf(project: ToyProject, done: readonly CleanBlock[], block: ToyBlock) {
  const { names, everything } = readsOf(block);
  const offered = (name: string, withOpaque: boolean): Candidate[] =>
    block.parents.flatMap(({ parent, use }) => {
      const theirs =
        use === undefined ? [name] : [...use].filter(([, mine]) => mine === name).map(([stored]) => stored);
      const { visible, left, sessionNames } = done[parent]!;
      const { filter } = project.blocks[parent]!;
      if (filter.kind === 'off')
        return sessionNames.has(name) ? [{ parent, component: null, stored: name, opaque: false }] : [];
      return theirs.flatMap(stored => [
        ...visible
          .filter(([seen]) => seen === stored)
          .map(([, component]) => ({ parent, component, stored, opaque: false })),
        ...left.withheld
          .filter(
            ({ name: seen, why }) =>
              withOpaque && why === 'opaque' && seen === stored && filterTest(filter)(stored),
          )
          .map(() => ({ parent, component: null, stored, opaque: true })),
      ]);
    });
  const exported = everything
    ? block.parents.flatMap(({ parent, use }) => [
        ...done[parent]!.visible.map(([name]) => (use === undefined ? name : use.get(name))),
        ...done[parent]!.sessionNames,
      ])
    : [];
  const wanted = new Map<string, Candidate[]>();
  for (const name of [...names, ...exported])
    if (name !== undefined) wanted.set(name, offered(name, names.has(name)));

  const chosen = new Map<string, Candidate>();
  const unmet = new Set<string>();
  for (let before = -1; before < wanted.size + [...wanted.values()].flat().length;) {
    before = wanted.size + [...wanted.values()].flat().length;
    for (const [name, candidates] of [...wanted]) {
      const best = choose(project, candidates);
      if (best === undefined) continue;
      chosen.set(name, best);
      for (const reached of best.component?.reaches ?? []) {
        const behind = done[best.parent]!.left.components.find(each => each.names.includes(reached));
        const opaque = done[best.parent]!.left.withheld.some(
          each => each.name === reached && each.why === 'opaque',
        );
        const own: Candidate[] =
          behind !== undefined || opaque
            ? [
                {
                  parent: best.parent,
                  component: behind ?? null,
                  stored: reached,
                  opaque: behind === undefined,
                },
              ]
            : [];
        const all = [...(wanted.get(reached) ?? offered(reached, true))];
        for (const each of own)
          if (!all.some(other => other.parent === each.parent && isEqual(other, each))) all.push(each);
        if (all.length === 0) unmet.add(reached);
        wanted.set(reached, all);
      }
    }
  }
  const used = [...chosen].filter(([, { component }]) => component !== null);
  const inputs = new Map<string, { stored: StoredComponent; bind: Map<string, string[]> }>();
  for (const [name, { parent, component, stored }] of used) {
    const home = `${parent} ${component!.bytes}`;
    const input = inputs.get(home) ?? { stored: component!, bind: new Map<string, string[]>() };
    inputs.set(home, input);
    input.bind.set(stored, [...(input.bind.get(stored) ?? []), name].sort());
  }
  const parameters = new Map(
    [...project.parameters].filter(
      ([name]) => !chosen.has(name) && (names.has(name) || everything || unmet.has(name)),
    ),
  );
  const sessions = block.parents
    .filter(({ parent }) => project.blocks[parent]!.filter.kind === 'off')
    .map(({ parent }) => [parent, sessionOf(done[parent]!)]);
  const given = JSON.stringify({
    code: block.cells.map(({ statements }) => statements).filter(statements => statements.length > 0),
    values: [...inputs.values()]
      .map(({ stored, bind }) => JSON.stringify([stored.bytes, [...bind].sort()]))
      .sort(),
    parameters: [...parameters].sort(),
    sessions: [...new Map(sessions.map(pair => [pair[0], pair]))].sort(),
  });
  const first = ({ bind }: ToyInput) => [...bind.values()].flat().sort()[0]!;
  return { inputs: [...inputs.values()].sort((a, b) => (first(a) < first(b) ? -1 : 1)), parameters, given };
}

const sessionOf = ({ given, files, random }: CleanBlock) => [
  given,
  [...files].sort(),
  random === undefined ? 'unused' : random,
];

const isEqual = (a: Candidate, b: Candidate): boolean =>
  a.component !== null && b.component !== null
    ? a.component.bytes === b.component.bytes && a.stored === b.stored
    : a.component === b.component && a.parent === b.parent && a.opaque === b.opaque;

function choose(project: ToyProject, candidates: readonly Candidate[]): Candidate | undefined {
  if (candidates.length === 0) return undefined;
  const best = [...candidates]
    .sort((a, b) => b.parent - a.parent)
    .find(each =>
      candidates.every(other => isEqual(each, other) || isBelow(project, other.parent, each.parent)),
    );
  if (best === undefined) throw new Refused('contradiction');
  if (best.opaque) throw new Refused('opaque');
  return best;
}

function isBelow(project: ToyProject, above: number, below: number): boolean {
  return project.blocks[below]!.parents.some(
    ({ parent }) => parent === above || isBelow(project, above, parent),
  );
}

function chainOf(project: ToyProject, index: number): number[] {
  const chain = new Set<number>();
  for (const { parent } of project.blocks[index]!.parents) {
    if (project.blocks[parent]!.filter.kind !== 'off') continue;
    for (const each of [...chainOf(project, parent), parent]) chain.add(each);
  }
  return [...chain].sort((a, b) => a - b);
}

function inheritedRandom(project: ToyProject, done: readonly CleanBlock[], index: number): number | null {
  // Replayed ancestors change the state in the session itself.
  const chain = chainOf(project, index);
  const parents = [
    ...new Set([...chain, index].flatMap(each => project.blocks[each]!.parents.map(({ parent }) => parent))),
  ]
    .filter(parent => !chain.includes(parent))
    .filter(parent => done[parent]!.randomAfter !== null)
    .sort((a, b) => a - b);
  const states = new Set(parents.map(parent => done[parent]!.randomAfter));
  if (states.size <= 1) return [...states][0] ?? null;
  const youngest = parents.filter(parent => !parents.some(other => isBelow(project, parent, other)));
  return done[youngest[youngest.length - 1]!]!.randomAfter;
}

/** Runs that a cache of `keep` a block would still hold; says which blocks must run. */
export class History {
  readonly #runs = new Map<number, { readonly block: CleanBlock; readonly names: ReadonlySet<string> }[]>();
  readonly #keep: number;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** The least set of blocks that has to run now, which is also taken as having run. */
  mustRun(project: ToyProject, clean: readonly CleanBlock[]): number[] {
    return clean.flatMap((block, index) => {
      if (block.status === 'blocked') return [];
      const runs = this.#runs.get(index) ?? [];
      const answers = ({ block: past, names }: (typeof runs)[number]) =>
        past.given === block.given &&
        [...past.files].every(([path, content]) => (project.files.get(path) ?? null) === content) &&
        (past.random === undefined || past.random === inheritedRandom(project, clean, index)) &&
        block.visible.every(([name]) => names.has(name)) &&
        // What a list left out has no known size, so `auto` can not tell whether it is small.
        !(
          project.blocks[index]!.filter.kind === 'auto' &&
          past.left.withheld.some(({ why }) => why === 'filter')
        );
      if (block.status === 'ok' && runs.some(answers)) return [];
      if (block.status === 'ok') {
        const names = new Set(block.left.components.flatMap(component => component.names));
        this.#runs.set(index, [...runs, { block, names }].slice(-this.#keep));
      }
      return [index];
    });
  }

  remove(index: number, nth: number): void {
    this.#runs.get(index)?.splice(nth, 1);
  }

  count(index: number): number {
    return this.#runs.get(index)?.length ?? 0;
  }
}
