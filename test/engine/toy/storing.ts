/** What a toy session leaves behind: components of names that share lists, by the rules of the real worker. */
import { byCodeUnit } from '../../../src/protocol/ids.js';
import type { Filter } from '../../../src/protocol/dagFile.js';
import { globTest } from '../../../src/engine/index.js';
import { isStream, LOCK, type Session, type Stream, type Value } from './language.js';

export interface StoredComponent {
  readonly names: readonly string[];
  /** Everything about the values, names included. */
  readonly bytes: string;
  readonly reaches: readonly string[];
  readonly hidden: readonly string[];
}

export interface ToyInput {
  readonly stored: StoredComponent;
  readonly bind: ReadonlyMap<string, readonly string[]>;
}

export interface Left {
  readonly components: readonly StoredComponent[];
  readonly withheld: readonly ToyWithheld[];
}

export interface ToyWithheld {
  readonly name: string;
  readonly why: 'filter' | 'size' | 'opaque';
  readonly shares?: readonly string[];
}

/** Members of restored components by name, whether bound or not. */
export type Restored = {
  readonly bytes: string;
  readonly members: ReadonlyMap<string, Value>;
  readonly childNames: ReadonlyMap<string, readonly string[]>;
};

export function restore(session: Session, { stored, bind }: ToyInput): Restored {
  const members = decode(stored.bytes);
  for (const [name, mine] of bind) for (const each of mine) session.names.set(each, members.get(name)!);
  return { bytes: stored.bytes, members, childNames: bind };
}

type Encoded = { readonly list: number } | { readonly value: Value };
interface Pickle {
  readonly names: readonly (readonly [string, Encoded])[];
  readonly lists: Encoded[][];
}

/** Names → bytes; equal for equal values with equal sharing. */
function encode(names: readonly string[], valueOf: (name: string) => Value): string {
  const seen = new Map<Value[], number>();
  const lists: Encoded[][] = [];
  const encoded = (value: Value): Encoded => {
    if (isStream(value)) throw new Error('a generator can not be stored');
    if (!Array.isArray(value)) return { value };
    let place = seen.get(value);
    if (place === undefined) {
      place = lists.push([]) - 1;
      seen.set(value, place);
      lists[place] = value.map(encoded);
    }
    return { list: place };
  };
  const pickle: Pickle = { names: names.map(name => [name, encoded(valueOf(name))]), lists };
  return JSON.stringify(pickle);
}

function decode(bytes: string): Map<string, Value> {
  const { names, lists } = JSON.parse(bytes) as Pickle;
  const made = lists.map((): Value[] => []);
  const decoded = (encoded: Encoded): Value => {
    if ('list' in encoded) return made[encoded.list]!;
    // A lock is told by identity.
    return typeof encoded.value === 'object' && 'lock' in encoded.value ? LOCK : encoded.value;
  };
  lists.forEach((items, place) => made[place]!.push(...items.map(decoded)));
  return new Map(names.map(([name, encoded]) => [name, decoded(encoded)]));
}

type Shared = Value[] | Stream;

/** Lists and generators that a value consists of or holds. */
function listsIn(value: Value): Set<Shared> {
  const found = new Set<Shared>();
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next !== 'object' || !(Array.isArray(next) || isStream(next)) || found.has(next)) continue;
    found.add(next);
    open.push(...(isStream(next) ? [next.over] : next));
  }
  return found;
}

export interface Keep {
  readonly filter: Filter;
  readonly wanted: readonly string[] | null;
}

/** Contents of what was handed on alive, to see later whether the block changed it. */
export type Handed = ReadonlyMap<string, string>;

export const handedNow = ({ handed, names }: Session): Handed =>
  new Map(
    [...handed].map(name => {
      const value = names.get(name)!;
      return [name, isOpaque(value) ? '' : encode([name], () => value)];
    }),
  );

export function leave(
  session: Session,
  restored: readonly Restored[],
  before: Handed,
  { filter, wanted }: Keep,
): Left {
  // Members of restored components that are not bound still exist beside the session's names.
  const values = new Map<string, Value>();
  const inputs = new Set<string>();
  for (const { members, childNames } of restored) {
    for (const [name, value] of members) {
      const mine = childNames.get(name);
      if (mine === undefined) values.set(name, value);
      for (const each of mine ?? [name]) inputs.add(each);
    }
  }
  for (const [name, value] of session.names)
    if (session.defined.has(name) || inputs.has(name) || before.has(name)) values.set(name, value);
  const accepts = filter.kind === 'names' ? globTest(filter.patterns) : () => filter.kind === 'auto';
  const components = partition([...values.keys()].sort(byCodeUnit), name => values.get(name)!);
  const asRestored = new Set(restored.map(({ childNames, bytes }) => reencode(childNames, bytes)));
  // Whether a generator was asked nobody can tell; a lock tells that it is as it was.
  const isAsHanded = (name: string) => {
    const value = values.get(name)!;
    if (session.defined.has(name) || !before.has(name)) return false;
    return value === LOCK || (!isOpaque(value) && encode([name], () => value) === before.get(name));
  };

  const withheld: ToyWithheld[] = [];
  const kept = new Map<string, string[]>();
  for (const group of components) {
    const opaque = group.filter(name => isOpaque(values.get(name)!));
    const isChanged =
      group.some(name => session.defined.has(name)) ||
      (group.every(name => before.has(name))
        ? !group.every(isAsHanded)
        : opaque.length > 0 || !asRestored.has(encode(group, name => values.get(name)!)));
    const takes = (name: string) => {
      if (!accepts(name)) return false;
      // A list of names asks for unchanged inputs too, but only for those that the block has.
      if (filter.kind === 'names') return isChanged || session.names.has(name);
      return isChanged && (wanted === null || wanted.includes(name) || !isBig(values.get(name)!));
    };
    for (const name of opaque) {
      const shares = group.filter(other => other !== name);
      if (accepts(name) && (isChanged || filter.kind === 'names'))
        withheld.push({ name, why: 'opaque', shares });
      else if (isChanged) withheld.push({ name, why: 'filter' });
    }
    const storable = group.filter(name => !opaque.includes(name));
    for (const names of partition(storable, name => values.get(name)!)) {
      if (names.some(takes)) kept.set(names[0]!, names);
      else if (isChanged)
        for (const name of names) withheld.push({ name, why: accepts(name) ? 'size' : 'filter' });
    }
  }
  // Globals that kept functions reach come along.
  const open = [...kept.values()].flat();
  const visible = new Set(open.filter(name => accepts(name)));
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const reached of reachedBy(values.get(name)!, session.names, values)) {
      const group = components.find(names => names.includes(reached)) ?? [];
      const storable = group.filter(name => !isOpaque(values.get(name)!));
      const home = partition(storable, name => values.get(name)!).find(names => names.includes(reached));
      if (home === undefined || kept.has(home[0]!)) continue;
      kept.set(home[0]!, home);
      open.push(...home);
    }
  }
  return {
    components: [...kept.values()].map(names => ({
      names,
      bytes: encode(names, name => values.get(name)!),
      reaches: [
        ...new Set(names.flatMap(name => [...reachedBy(values.get(name)!, session.names, values)])),
      ].sort(byCodeUnit),
      hidden: names.filter(name => !visible.has(name)),
    })),
    withheld: withheld.filter(({ name }) => ![...kept.values()].some(names => names.includes(name))),
  };
}

/** Bytes of a restored component as the child would store it again unchanged. */
function reencode(childNames: Restored['childNames'], bytes: string): string {
  const named = new Map(
    [...decode(bytes)].flatMap(([name, value]) =>
      (childNames.get(name) ?? [name]).map((mine): [string, Value] => [mine, value]),
    ),
  );
  return encode([...named.keys()].sort(byCodeUnit), name => named.get(name)!);
}

/** Names whose values hold a list in common, directly or through others. */
function partition(names: readonly string[], valueOf: (name: string) => Value): string[][] {
  let parts: { names: string[]; lists: Set<Shared> }[] = [];
  for (const name of names) {
    const lists = listsIn(valueOf(name));
    const touching = parts.filter(part => [...lists].some(list => part.lists.has(list)));
    const joined = {
      names: [...touching.flatMap(part => part.names), name].sort(byCodeUnit),
      lists: new Set([...lists, ...touching.flatMap(part => [...part.lists])]),
    };
    parts = [...parts.filter(part => !touching.includes(part)), joined];
  }
  return parts.map(part => part.names);
}

/** Globals as the session has them, parameters included. */
function reachedBy(value: Value, ...globals: readonly ReadonlyMap<string, Value>[]): Set<string> {
  const reached = new Set<string>();
  for (let next: Value | undefined = value; typeof next === 'object' && 'reaches' in next;) {
    const name: string = next.reaches;
    const found: Value | undefined = globals.find(names => names.has(name))?.get(name);
    if (reached.has(name) || found === undefined) break;
    reached.add(name);
    next = found;
  }
  return reached;
}

const isBig = (value: Value): boolean => typeof value === 'object' && 'big' in value;

const isOpaque = (value: Value): boolean =>
  value === LOCK || [...listsIn(value)].some(shared => isStream(shared) || shared.includes(LOCK));
