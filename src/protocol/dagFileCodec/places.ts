/** From a path of keys to a place in the text, and to words. */
import { placesIn } from '../jsonText.js';
import type { Problem } from '../problem.js';
import type { JsonNode } from '../strictJson.js';

export type Path = readonly (string | number)[];

export interface Places {
  /** A problem at the value that the path leads to, or at the nearest that exists. */
  problem(path: Path, code: string, message: string, remedy: string): Problem;
  /** The same at the key of the value. */
  problemAtKey(path: Path, code: string, message: string, remedy: string): Problem;
  at(offset: number, code: string, message: string, remedy: string): Problem;
  lineOf(offset: number): number;
  readonly text: string;
  nodeAt(path: Path): JsonNode | undefined;
}

export interface MemberNode {
  readonly key: string;
  readonly keyNode: JsonNode;
  readonly value: JsonNode;
}

/** Members of an object in the order of the file. */
export function memberNodes(object: JsonNode): MemberNode[] {
  if (object.type !== 'object') return [];
  return (object.children ?? []).flatMap(property => {
    const [keyNode, value] = property.children ?? [];
    return keyNode && value ? [{ key: keyNode.value as string, keyNode, value }] : [];
  });
}

export function createPlaces(text: string, file: string, tree: JsonNode): Places {
  const placeOf = placesIn(text);
  // A large file with many problems would otherwise be searched from the start, and its objects walked, for each.
  const lookup = new Map<JsonNode, ReadonlyMap<string, JsonNode>>();
  const child = (node: JsonNode, key: string | number) => {
    if (node.type === 'array') return node.children?.[Number(key)];
    let members = lookup.get(node);
    if (members === undefined) {
      members = new Map(memberNodes(node).map(member => [member.key, member.value]));
      lookup.set(node, members);
    }
    return members.get(String(key));
  };
  const nodeAt = (path: Path) =>
    path.reduce<JsonNode | undefined>((node, key) => node && child(node, key), tree);
  const at: Places['at'] = (offset, code, message, remedy) => ({
    code,
    message,
    file,
    ...placeOf(offset),
    remedy,
  });
  return {
    text,
    nodeAt,
    at,
    lineOf: offset => placeOf(offset).line,
    problemAtKey: (path, code, message, remedy) =>
      at((nodeAt(path)?.parent ?? tree).offset, code, message, remedy),
    problem(path, code, message, remedy) {
      for (let length = path.length; length >= 0; length--) {
        const node = nodeAt(path.slice(0, length));
        if (node) return at(node.offset, code, message, remedy);
      }
      return at(tree.offset, code, message, remedy);
    },
  };
}

/** How messages name a value: *"filter" of block "clean"*. */
export function wordFor(path: Path): string {
  const [first, second, ...rest] = path;
  if (first === undefined) return 'the file';
  if (first === 'blocks' && second !== undefined) {
    const block = `block ${JSON.stringify(second)}`;
    return rest.length === 0 ? block : `${inner(rest)} of ${block}`;
  }
  return inner(path);
}

function inner(path: Path): string {
  const words = path.map(key => (typeof key === 'number' ? `entry ${key + 1}` : JSON.stringify(key)));
  return words.reverse().join(' of ');
}
