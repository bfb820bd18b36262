/** From one view to the next: which fields and which blocks are others. */
import type { BlockView, ProjectFields, ProjectView } from './view.js';

export interface ProjectPatch {
  readonly project: string;
  readonly revision: number;
  /** Revision that it goes on; a client that has another one asks for a snapshot. */
  readonly previous: number;
  readonly fields: Partial<ProjectFields>;
  /** Blocks that are new or differ. */
  readonly blocks: readonly BlockView[];
  /** Ids of all blocks, in their order; `null`: the same ones in the same order. */
  readonly order: readonly string[] | null;
}

const FIELDS: readonly (keyof ProjectFields)[] = [
  'name',
  'kernel',
  'isReadOnly',
  'prelude',
  'edges',
  'preview',
  'run',
  'lastRun',
  'cache',
  'problems',
  'warnings',
  'undo',
  'redo',
];

/** @returns `null`: nothing differs. @param next its revision is not looked at */
export function patchBetween(before: ProjectView, next: Omit<ProjectView, 'revision'>): ProjectPatch | null {
  const fields = Object.fromEntries(
    FIELDS.filter(name => !isSame(before[name], next[name])).map(name => [name, next[name]]),
  ) as Partial<ProjectFields>;
  const known = new Map(before.blocks.map(block => [block.id, block]));
  const blocks = next.blocks.filter(block => !isSame(known.get(block.id), block));
  const isReordered =
    before.blocks.length !== next.blocks.length ||
    before.blocks.some(({ id }, place) => next.blocks[place]?.id !== id);
  if (Object.keys(fields).length === 0 && blocks.length === 0 && !isReordered) return null;
  return {
    project: before.project,
    revision: before.revision + 1,
    previous: before.revision,
    fields,
    blocks,
    order: isReordered ? next.blocks.map(({ id }) => id) : null,
  };
}

/** @returns `null`: the patch does not go on this view */
export function patched(view: ProjectView, patch: ProjectPatch): ProjectView | null {
  if (view.project !== patch.project || view.revision !== patch.previous) return null;
  const blocks = new Map(view.blocks.map(block => [block.id, block]));
  for (const block of patch.blocks) blocks.set(block.id, block);
  const order = patch.order ?? view.blocks.map(({ id }) => id);
  const ordered = order.flatMap(id => blocks.get(id) ?? []);
  if (ordered.length !== order.length) return null;
  return { ...view, ...patch.fields, revision: patch.revision, blocks: ordered };
}

/** Of plain data; a key without a value is none. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) return false;
  for (const key in a) if (!isSame(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
