/**
 * Edits of `dag.json` as text: order, layout, unknown keys and line ends stay. Every edit takes a valid file and gives
 * one back; it is decoded again, so an edit that breaks a rule comes back as problems.
 */
import type { Filter, Json, ParentEdge } from '../dagFile.js';
import type { BlockId } from '../ids.js';
import { formatShort } from '../jsonFormat.js';
import {
  applySplices,
  elementsOf,
  indentAt,
  insertMember,
  memberOf,
  membersOf,
  removeEntry,
  removeMember,
  styleOf,
  valueAt,
  type NewMember,
  type Span,
  type Splice,
} from '../jsonText.js';
import { failure, type Problem, type Result, success } from '../problem.js';
import { decodeDagFile, type DecodeOptions } from './decode.js';
import { edgeValue, filterValue, formatBlock, LINE_WIDTH, type NewBlock } from './format.js';

/** Entries of a block that edits write as a whole. */
export type BlockKey =
  'parents' | 'after' | 'inputs' | 'outputs' | 'env' | 'tags' | 'run' | 'ttl' | 'timeout' | 'retries';

export type DagEdit =
  /** At the end, or after the block `after`. */
  | { readonly kind: 'addBlock'; readonly block: NewBlock; readonly after?: BlockId }
  /** Its children get its parents instead, unless they have them already. */
  | { readonly kind: 'removeBlock'; readonly block: BlockId }
  /** Replaces an edge that is there. */
  | { readonly kind: 'link'; readonly parent: ParentEdge; readonly child: BlockId }
  | { readonly kind: 'unlink'; readonly parent: BlockId; readonly child: BlockId }
  | { readonly kind: 'setFilter'; readonly block: BlockId; readonly filter: Filter }
  | { readonly kind: 'setPrelude'; readonly block: BlockId | null }
  /** Everywhere: as a parent, in `after`, as prelude. */
  | { readonly kind: 'renameBlock'; readonly from: BlockId; readonly to: string }
  /** Any entry of a block, `null` takes it away. */
  | { readonly kind: 'set'; readonly block: BlockId; readonly key: BlockKey; readonly value: Json | null }
  | { readonly kind: 'setNotebook'; readonly block: BlockId; readonly notebook: string }
  /** Every block once. */
  | { readonly kind: 'reorder'; readonly order: readonly BlockId[] };

/** Applies edits one after the other. */
export function editDagFile(
  text: string,
  edits: readonly DagEdit[],
  options: DecodeOptions = {},
): Result<string> {
  const before = decodeDagFile(text, options);
  if (!before.ok) return failure(...before.problems);
  let edited = text;
  for (const edit of edits) {
    const problem = impossible(edited, edit, options.file ?? 'dag.json');
    if (problem) return failure(problem);
    edited = applyEdit(edited, edit);
  }
  const after = decodeDagFile(edited, options);
  return after.ok ? success(edited) : failure(...after.problems);
}

function impossible(text: string, edit: DagEdit, file: string): Problem | undefined {
  const blocks = blocksOf(text);
  const missing = blocksNamed(edit).find(
    id => typeof id === 'string' && memberOf(text, blocks.start, id) === undefined,
  );
  if (typeof missing === 'string') {
    return {
      code: 'unknown-block',
      message: `there is no block ${JSON.stringify(missing)}`,
      file,
      remedy: '"dagpy status" lists the blocks',
    };
  }
  const added =
    edit.kind === 'addBlock'
      ? edit.block.id
      : edit.kind === 'renameBlock' && edit.to !== edit.from
        ? edit.to
        : undefined;
  if (added !== undefined && memberOf(text, blocks.start, added) !== undefined) {
    return {
      code: 'block-exists',
      message: `there is a block ${JSON.stringify(added)} already`,
      file,
      remedy: 'choose another id',
    };
  }
  if (edit.kind === 'unlink' && parentIndex(text, edit.child, edit.parent) < 0) {
    const message = `${JSON.stringify(edit.parent)} is not a parent of ${JSON.stringify(edit.child)}`;
    return { code: 'not-linked', message, file, remedy: '"dagpy status" lists the parents' };
  }
  return undefined;
}

/** Blocks that must be there. */
function blocksNamed(edit: DagEdit): readonly (string | null | undefined)[] {
  switch (edit.kind) {
    case 'addBlock':
      return [edit.after];
    case 'link':
      return [edit.parent.block, edit.child];
    case 'unlink':
      return [edit.parent, edit.child];
    case 'renameBlock':
      return [edit.from];
    case 'reorder':
      return edit.order;
    default:
      return [edit.block];
  }
}

function applyEdit(text: string, edit: DagEdit): string {
  switch (edit.kind) {
    case 'addBlock': {
      const member: NewMember = {
        key: edit.block.id,
        value: indent => formatBlock(edit.block, styleOf(text), indent),
      };
      return applySplices(text, [
        insertMember(text, blocksOf(text), member, edit.after === undefined ? {} : { after: edit.after }),
      ]);
    }
    case 'removeBlock':
      return removeBlock(text, edit.block);
    case 'link':
      return link(text, edit.parent, edit.child);
    case 'unlink':
      return unlink(text, edit.parent, edit.child);
    case 'setFilter':
      return edit.filter.kind === 'auto'
        ? dropMember(text, ['blocks', edit.block], 'filter')
        : putMember(text, ['blocks', edit.block], 'filter', filterValue(edit.filter));
    case 'setPrelude':
      return edit.block === null
        ? dropMember(text, [], 'prelude')
        : putMember(text, [], 'prelude', edit.block);
    case 'set':
      return edit.value === null
        ? dropMember(text, ['blocks', edit.block], edit.key)
        : putMember(text, ['blocks', edit.block], edit.key, edit.value);
    case 'setNotebook':
      return putMember(text, ['blocks', edit.block], 'notebook', edit.notebook);
    case 'renameBlock':
      return renameBlock(text, edit.from, edit.to);
    case 'reorder':
      return reorder(text, edit.order);
  }
}

const blocksOf = (text: string): Span => valueAt(text, ['blocks']) as Span;

/** The value's text of a `parents` entry's id, whichever form the entry has. */
function idSpan(text: string, entry: Span): Span | undefined {
  return text[entry.start] === '"' ? entry : memberOf(text, entry.start, 'block')?.value;
}

const valueOf = (text: string, span: Span) => JSON.parse(text.slice(span.start, span.end)) as unknown;

/** Entries of a list of a block, given by the place of the block's value. */
function entriesOf(text: string, block: Span | undefined, key: string): readonly Span[] {
  const list = block && memberOf(text, block.start, key)?.value;
  return list ? elementsOf(text, list.start) : [];
}

const blockSpan = (text: string, block: string) => valueAt(text, ['blocks', block]);

const parentIndex = (text: string, child: string, parent: string) =>
  parentIn(text, blockSpan(text, child), parent);

function parentIn(text: string, child: Span | undefined, parent: string): number {
  return entriesOf(text, child, 'parents').findIndex(entry => {
    const id = idSpan(text, entry);
    return id !== undefined && valueOf(text, id) === parent;
  });
}

/** All places in one pass, so that it stays quick among thousands of blocks. */
function removeBlock(text: string, block: string): string {
  const blocks = blocksOf(text);
  const own = blockSpan(text, block);
  const inherited = entriesOf(text, own, 'parents').map(entry => valueOf(text, entry));
  const splices: Splice[] = [];
  for (const { key, value: child } of membersOf(text, blocks.start)) {
    if (key === block) continue;
    // A block that loses both lists may lose two neighbouring members: such an edit is done in two steps.
    const lists = [withoutParent(text, key, child, block, inherited), withoutWaiting(text, child, block)];
    const found = lists.filter(splice => splice !== undefined);
    if (found.length < 2) splices.push(...found);
    else splices.push(inTwoSteps(text, key, child, block, inherited));
  }
  const member = removeMember(text, blocks, block);
  if (member) splices.push(member);
  const edited = applySplices(text, splices);
  const prelude = valueAt(edited, ['prelude']);
  return prelude && valueOf(edited, prelude) === block ? dropMember(edited, [], 'prelude') : edited;
}

const idOf = (parent: unknown) =>
  typeof parent === 'string' ? parent : (parent as { readonly block: string }).block;

function withoutParent(
  text: string,
  id: string,
  child: Span,
  block: string,
  inherited: readonly unknown[],
): Splice | undefined {
  const index = parentIn(text, child, block);
  if (index < 0) return undefined;
  const added = inherited.filter(parent => idOf(parent) !== id && parentIn(text, child, idOf(parent)) < 0);
  const entries = entriesOf(text, child, 'parents');
  if (added.length === 0) return removalFrom(text, child, 'parents', entries, index);
  return { ...(entries[index] as Span), text: added.map(parent => shortAt(text, 0, parent)).join(', ') };
}

function withoutWaiting(text: string, child: Span, block: string): Splice | undefined {
  const entries = entriesOf(text, child, 'after');
  const index = entries.findIndex(entry => valueOf(text, entry) === block);
  return index < 0 ? undefined : removalFrom(text, child, 'after', entries, index);
}

function inTwoSteps(
  text: string,
  id: string,
  child: Span,
  block: string,
  inherited: readonly unknown[],
): Splice {
  // The block's own text is a JSON text of its own.
  let own = text.slice(child.start, child.end);
  const whole = () => ({ start: 0, end: own.length });
  own = applySplices(own, [withoutParent(own, id, whole(), block, inherited) as Splice]);
  own = applySplices(own, [withoutWaiting(own, whole(), block) as Splice]);
  return { ...child, text: own };
}

/** Takes one entry out of a block's list; a list that becomes empty goes with its key. */
function removalFrom(
  text: string,
  block: Span,
  key: string,
  entries: readonly Span[],
  index: number,
): Splice | undefined {
  if (entries.length === 1 && index === 0) return removeMember(text, block, key);
  const list = memberOf(text, block.start, key)?.value;
  return list && removeEntry(entries, index, list);
}

function link(text: string, parent: ParentEdge, child: string): string {
  const index = parentIndex(text, child, parent.block);
  if (index < 0) return appendToList(text, ['blocks', child], 'parents', edgeValue(parent));
  const entry = entriesOf(text, blockSpan(text, child), 'parents')[index] as Span;
  return applySplices(text, [{ ...entry, text: shortAt(text, entry.start, edgeValue(parent)) }]);
}

function unlink(text: string, parent: string, child: string): string {
  const block = blockSpan(text, child) as Span;
  const entries = entriesOf(text, block, 'parents');
  const splice = removalFrom(text, block, 'parents', entries, parentIn(text, block, parent));
  return splice ? applySplices(text, [splice]) : text;
}

function renameBlock(text: string, from: string, to: string): string {
  const splices: Splice[] = [];
  const quoted = JSON.stringify(to);
  const rename = (span: Span | undefined) => {
    if (span && valueOf(text, span) === from) splices.push({ ...span, text: quoted });
  };
  for (const member of membersOf(text, blocksOf(text).start)) {
    if (member.key === from) {
      const key = text.slice(member.start, member.value.start);
      splices.push({ start: member.start, end: member.start + key.lastIndexOf('"') + 1, text: quoted });
    }
    for (const entry of entriesOf(text, member.value, 'parents')) rename(idSpan(text, entry));
    for (const entry of entriesOf(text, member.value, 'after')) rename(entry);
  }
  rename(valueAt(text, ['prelude']));
  return applySplices(text, splices);
}

/** Each block's text goes to its new place; what stands between the blocks stays where it is. */
function reorder(text: string, order: readonly string[]): string {
  const members = membersOf(text, blocksOf(text).start);
  const texts = new Map(members.map(({ key, start, value }) => [key, text.slice(start, value.end)]));
  return applySplices(
    text,
    members.flatMap(({ start, value }, place) => {
      const moved = texts.get(order[place] ?? '');
      return moved === undefined ? [] : [{ start, end: value.end, text: moved }];
    }),
  );
}

const shortAt = (text: string, at: number, value: unknown) =>
  formatShort(value, styleOf(text), indentAt(text, at), LINE_WIDTH);

function putMember(text: string, path: readonly string[], key: string, value: unknown): string {
  const object = valueAt(text, path) as Span;
  const member = memberOf(text, object.start, key);
  if (member) return applySplices(text, [{ ...member.value, text: shortAt(text, member.start, value) }]);
  const added = { key, value: (indent: string) => formatShort(value, styleOf(text), indent, LINE_WIDTH) };
  // The prelude is told before the blocks, where a reader looks for it.
  const blocks =
    path.length === 0 ? membersOf(text, object.start).findIndex(other => other.key === 'blocks') : -1;
  const before = blocks > 0 ? membersOf(text, object.start)[blocks - 1]?.key : undefined;
  return applySplices(text, [
    insertMember(text, object, added, before === undefined ? {} : { after: before }),
  ]);
}

function dropMember(text: string, path: readonly string[], key: string): string {
  const object = valueAt(text, path);
  const splice = object && removeMember(text, object, key);
  return splice ? applySplices(text, [splice]) : text;
}

function appendToList(text: string, path: readonly string[], key: string, value: unknown): string {
  const list = valueAt(text, [...path, key]);
  const entries = list ? elementsOf(text, list.start) : [];
  const last = entries.at(-1);
  if (list === undefined || last === undefined) return putMember(text, path, key, [value]);
  const lead = text.slice(list.start + 1, (entries[0] as Span).start);
  const gap = lead.includes('\n') ? lead : ' ';
  return applySplices(text, [
    { start: last.end, end: last.end, text: `,${gap}${shortAt(text, last.start, value)}` },
  ]);
}
