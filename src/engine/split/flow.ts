/** Follows the notebook block by block: what each one reads of whom, and what can not cross from one to another. */
import type { CellFacts } from '../../protocol/cellFacts.js';
import { byCodeUnit } from '../../protocol/ids.js';
import { blockReads } from '../reads.js';
import { ambientUse, type AmbientUse } from './ambient.js';
import { BUILTINS } from './builtins.js';
import type { SplitRemark } from './types.js';
import { PRELUDE, Variables } from './variables.js';

/** A code cell of a block, `place` 1-based among all cells of the notebook. */
export interface PlacedFacts {
  readonly place: number;
  readonly facts: CellFacts;
}

export interface BlockFlow {
  /** Names read → blocks they come from, in notebook order: binders first, then those that may have changed it. */
  readonly wants: ReadonlyMap<string, readonly number[]>;
  /** Wanted only because functions that it uses reach them. */
  readonly reached: ReadonlySet<string>;
  /** Blocks that must come before although no name is read: ambient state, unknown names. */
  readonly follows: ReadonlySet<number>;
  readonly everything: boolean;
  /** Names it certainly has at its end: bound, or injected because it reads them. */
  readonly holds: ReadonlySet<string>;
  /** Names that it binds, may bind or may change. */
  readonly makes: ReadonlySet<string>;
  /** Names made here → globals that functions and classes in them reach; those come along with an export. */
  readonly brings: ReadonlyMap<string, ReadonlySet<string>>;
  readonly bindsUnknown: boolean;
}

/** Blocks `from` … `to` can only be kept the same as one block. */
export interface Inseparable {
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly place: number;
}

export interface NotebookFlow {
  readonly blocks: readonly BlockFlow[];
  readonly inseparable: readonly Inseparable[];
  readonly remarks: readonly SplitRemark[];
}

/** `prelude`: the first block runs in every session. */
export function follow(blocks: readonly (readonly PlacedFacts[])[], prelude: boolean): NotebookFlow {
  const walk = new Walk();
  const flows = blocks.map((cells, index) => walk.block(cells, prelude && index === 0 ? PRELUDE : index));
  return { blocks: flows, inseparable: walk.inseparable, remarks: walk.remarks };
}

class Walk {
  readonly inseparable: Inseparable[] = [];
  readonly remarks: SplitRemark[] = [];
  readonly #variables = new Variables();
  readonly #lastDraw = new Map<string, number>();
  readonly #lastSet = new Map<string, number>();
  /** Blocks that may have bound names which the code does not show. */
  readonly #unknown: number[] = [];
  readonly #codeBlocks: number[] = [];

  block(cells: readonly PlacedFacts[], block: number): BlockFlow {
    const facts = cells.map(cell => cell.facts).filter(cell => !cell.empty);
    const { reads, binds } = blockReads(facts);
    const stars = facts.reduce((sum, cell) => sum + cell.starImports.length, 0);
    const everything = facts.reduce((sum, cell) => sum + cell.dynamic.length, 0) > stars;
    const variables = this.#variables;
    const direct = new Set(everything ? [...reads, ...variables.names()] : reads);
    const reached = new Set([...variables.reach(reads)].filter(name => !direct.has(name)));
    const wants = new Map<string, readonly number[]>();
    const follows = new Set<number>();
    for (const name of [...direct, ...reached].sort(byCodeUnit)) {
      const owners = variables.owners(name).filter(owner => owner !== block);
      if (owners.length > 0) wants.set(name, owners);
      else if (variables.get(name) === undefined && !BUILTINS.has(name))
        for (const one of this.#unknown) follows.add(one);
    }
    if (everything) for (const one of this.#unknown) follows.add(one);
    this.#inseparable(cells, block);
    const makes = new Set<string>();
    for (const cell of facts) this.#take(cell, block, makes);
    this.#ambient(cells, block, follows);
    const starter = cells.find(cell => !cell.facts.empty && this.#startsProcess(cell.facts));
    if (starter !== undefined) this.remarks.push(untracked(starter.place));
    if (facts.length > 0) this.#codeBlocks.push(block);
    const bindsUnknown = facts.some(cell => cell.bindsUnknown.length > 0);
    if (bindsUnknown && block !== PRELUDE) this.#unknown.push(block);
    follows.delete(block);
    const holds = new Set([...binds, ...[...direct].filter(name => wants.has(name))]);
    const brings = new Map([...makes].map(name => [name, variables.reach([name])]));
    return { wants, reached, follows, everything, holds, makes, brings, bindsUnknown };
  }

  #take(facts: CellFacts, block: number, makes: Set<string>): void {
    const variables = this.#variables;
    for (const one of facts.functions) variables.functions.define(one);
    const own = new Set(facts.functions.map(one => one.name));
    const bindings = new Map<string, number>();
    for (const step of facts.steps)
      if (step.do === 'bind') bindings.set(step.name, (bindings.get(step.name) ?? 0) + 1);
    for (const step of facts.steps) {
      if (step.do === 'bind') {
        makes.add(step.name);
        if (!own.has(step.name)) variables.functions.forget(step.name);
      }
      const imported =
        step.do === 'bind' && bindings.get(step.name) === 1 ? facts.importedFrom[step.name] : undefined;
      for (const name of variables.take(step, block, imported)) makes.add(name);
    }
    for (const name of facts.mayBind) makes.add(name);
  }

  /** Random generators go on where the last draw left them; options hold for everything after them. */
  #ambient(cells: readonly PlacedFacts[], block: number, follows: Set<number>): void {
    for (const before of this.#lastSet.values()) follows.add(before);
    for (const { place, facts } of cells) {
      if (facts.empty) continue;
      for (const use of this.#uses(facts)) {
        if (use.kind === 'session') {
          if (block !== PRELUDE) this.remarks.push(notCarried(use.adapter, place));
          continue;
        }
        if (block === PRELUDE) continue;
        const last = use.kind === 'draw' ? this.#lastDraw : this.#lastSet;
        const before = last.get(use.adapter);
        if (before !== undefined) follows.add(before);
        last.set(use.adapter, block);
      }
    }
  }

  #uses(facts: CellFacts): readonly AmbientUse[] {
    return this.#chains(facts).flatMap(
      chain => ambientUse(chain, name => this.#variables.imported(name)) ?? [],
    );
  }

  #startsProcess(facts: CellFacts): boolean {
    if (facts.magics.some(name => SHELL.has(name))) return true;
    return this.#chains(facts).some(chain => {
      const [head = '', ...rest] = chain.split('.');
      return STARTS.test([this.#variables.imported(head) ?? head, ...rest].join('.'));
    });
  }

  /** Dotted names that the cell calls or stores to, in the notebook's functions that it reaches too. */
  #chains(facts: CellFacts): readonly string[] {
    const variables = this.#variables;
    const defined = new Set(facts.functions.map(one => one.name));
    const called = facts.steps.flatMap(step => (step.do === 'call' ? [step.callee] : []));
    const mentioned = [...facts.loads.filter(name => !defined.has(name)), ...called];
    const held = mentioned.flatMap(name => [...(variables.get(name)?.functions ?? [])]);
    const chains = new Set(facts.chains);
    for (const one of variables.functions.reached([...mentioned, ...held]))
      for (const chain of one.chains) chains.add(chain);
    return [...chains];
  }

  #inseparable(cells: readonly PlacedFacts[], block: number): void {
    let first = true;
    const bound = new Set<string>();
    for (const { place, facts } of cells) {
      if (facts.empty) continue;
      for (const name of [...facts.loads, ...facts.stringNames]) {
        const unkept = this.#variables.get(name)?.unkept;
        if (
          unkept === undefined ||
          unkept === null ||
          bound.has(name) ||
          unkept.block === block ||
          unkept.block === PRELUDE
        )
          continue;
        const why = `\`${name}\` is ${unkept.what}, which can not be handed from one process to another`;
        this.inseparable.push({ from: unkept.block, to: block, why, place });
      }
      const isUsers = facts.history.some(
        name => this.#variables.get(name) !== undefined || facts.mayBind.includes(name),
      );
      const history = isUsers ? [] : facts.history;
      if (first && history.includes('_') && this.#codeBlocks.length > 0) {
        const from = this.#codeBlocks.at(-1) ?? block;
        this.inseparable.push({ from, to: block, why: '`_` is the result of the cell before', place });
      }
      const older = history.filter(name => name !== '_' || (first && this.#codeBlocks.length === 0));
      if (older.length > 0) this.remarks.push(historyRemark(older, place));
      for (const text of facts.remarks)
        this.remarks.push({
          code: 'unattended',
          message: text,
          cell: place,
          remedy: 'Take it out, or keep this part in a notebook of its own.',
        });
      for (const name of facts.binds) bound.add(name);
      first = false;
    }
  }
}

/** Magics that start a process. */
const SHELL = new Set(
  '! %%! %sx %system %%sx %%system %%bash %%sh %%script %%perl %%ruby %pip %conda %mamba %uv'.split(' '),
);
const STARTS = /^(?:subprocess\.\w+|os\.(?:system|popen|spawn\w+))$/;

function untracked(place: number): SplitRemark {
  return {
    code: 'untracked',
    message:
      'The cell starts another process: what that reads can not be followed, so its block runs every time.',
    cell: place,
    remedy: 'Declare "inputs" or a "ttl" for the block in dag.json.',
  };
}

function historyRemark(names: readonly string[], place: number): SplitRemark {
  const list = names.map(name => `\`${name}\``).join(', ');
  return {
    code: 'history',
    message: `The cell uses ${list}, which number the cells of one session: in a block they are others.`,
    cell: place,
    remedy: 'Give the result a name where it is made, and use that name.',
  };
}

function notCarried(what: string, place: number): SplitRemark {
  return {
    code: 'not-carried',
    message: `What \`${what}\` sets holds for the rest of this block only.`,
    cell: place,
    remedy: 'Move the setting to the first cells of the notebook, so that it becomes part of the prelude.',
  };
}
