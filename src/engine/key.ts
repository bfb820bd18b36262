/** What is known of a block before it runs, and its digest. A wrong hit starts here, so nothing is folded or rounded. */
import type { Json } from '../protocol/dagFile.js';
import { byCodeUnit, keyOf as asKey, type Digest, type Key } from '../protocol/ids.js';
import { TRACE_VERSION, type Ingredients, type InputIngredient } from '../protocol/trace.js';
import type { Hasher, World } from './ports.js';
import { cwdOf, type Project } from './project.js';

export type KeyFunction = (ingredients: Ingredients) => Key;

export function keyWith(hasher: Hasher): KeyFunction {
  return ingredients => asKey(hasher.digest(frameIngredients(ingredients)));
}

/**
 * @param inputs what it reads of its parents, sorted by name
 * @param parameters names of the parameters that it reads, sorted
 */
export function ingredientsOf(
  project: Project,
  world: World,
  block: number,
  inputs: readonly InputIngredient[],
  parameters: readonly string[],
): Ingredients {
  const { snapshot } = project;
  const { declaration, uid } = snapshot.blocks[block]!;
  return {
    // Stored bytes or the meaning of this framing changed.
    version: TRACE_VERSION,
    // Another Python, platform or kernelspec can compute other values from the same code.
    environment: snapshot.environment,
    // Random generators are seeded from the block's identity; and traces of two blocks must not mix.
    uid,
    // The other half of the seed of random generators.
    seed: snapshot.dag.seed,
    // The code, whatever its comments and layout. Empty cells are not executed.
    cells: project.cells(block),
    // Its code runs first in the same session.
    prelude: project.preludeCells(block),
    // The values it reads, and which of its variables share memory, so that changing one changes the other.
    inputs,
    // Values bound before the code runs.
    parameters:
      parameters.length === 0
        ? NO_PARAMETERS
        : parameters.map(name => ({ name, value: snapshot.parameters.get(name)! })),
    // What the user says counts although no code was seen to read it.
    declared: declaredOf(world, declaration.inputs, declaration.env),
    // Relative paths and local imports mean other files in another folder.
    cwd: cwdOf(declaration),
  };
}

function declaredOf(
  world: World,
  globs: readonly string[],
  variables: readonly string[],
): Ingredients['declared'] {
  if (globs.length === 0 && variables.length === 0) return NOTHING_DECLARED;
  const paths = new Set(globs.flatMap(glob => world.expand(glob)));
  return [
    ...[...new Set(variables)]
      .sort(byCodeUnit)
      .map(name => ({ kind: 'environment' as const, name, digest: world.observe('environment', name) })),
    ...[...paths]
      .sort(byCodeUnit)
      .map(name => ({ kind: 'file' as const, name, digest: world.observe('file', name) })),
  ];
}

const NOTHING_DECLARED: Ingredients['declared'] = [];
const NO_PARAMETERS: Ingredients['parameters'] = [];

/**
 * Text that determines every field: texts are quoted, lists carry their length, fields come in a fixed order, and each
 * type has its own mark. No two different ingredients give the same text.
 */
export function frameIngredients(of: Ingredients): string {
  return `ingredients
${frameNumber(of.version)}
${frameDigest(of.environment)}
${frameText(of.uid)}
${of.seed === null ? 'null' : frameNumber(of.seed)}
${frameList(of.cells, frameDigest)}
${frameList(of.prelude, frameDigest)}
${frameList(of.inputs, frameInput)}
${frameList(of.parameters, frameParameter)}
${frameList(of.declared, frameDeclared)}
${frameText(of.cwd)}`;
}

const frameInput = ({ name, component, sharing }: InputIngredient): string =>
  frameText(name) + frameDigest(component) + frameList(sharing, frameText);

const frameParameter = ({ name, value }: Ingredients['parameters'][number]): string =>
  frameText(name) + frameJson(value);

const frameDeclared = ({ kind, name, digest }: Ingredients['declared'][number]): string =>
  frameText(kind) + frameText(name) + frameDigest(digest);

/** JSON quoting: it ends itself, and lone surrogates, which UTF-8 would fold into one character, stay apart. */
export const frameText = (text: string): string => (isPlain(text) ? `"${text}"` : JSON.stringify(text));

/** Printable ASCII without quotes and backslashes, which JSON quotes as it is: found out in half the time. */
function isPlain(text: string): boolean {
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;

/** Hexadecimal digits need no quoting. */
export const frameDigest = (digest: Digest | null): string => (digest === null ? 'absent' : `"${digest}"`);

export function frameList<Item>(items: readonly Item[], frame: (item: Item) => string): string {
  let text = `[${items.length};`;
  for (const item of items) text += frame(item);
  return text;
}

/** `-0` prints as `0`, and Python tells them apart. */
const frameNumber = (value: number): string => `#${Object.is(value, -0) ? '-0' : String(value)};`;

/** A parameter's value. The order of keys counts: a dict keeps it, so code sees it. */
export function frameJson(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return frameNumber(value);
  if (typeof value === 'string') return frameText(value);
  if (isList(value)) return frameList(value, frameJson);
  return `{${frameList(Object.keys(value), name => frameText(name) + frameJson(value[name]!))}`;
}

const isList = (value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] =>
  Array.isArray(value);
