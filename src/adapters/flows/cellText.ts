/** Texts of single cells between a block's notebook and a flow notebook: compared by meaning, carried over by bytes. */
import { parseHeader } from '../../protocol/flow/headers.js';
import { byCodePoint, formatJson, type JsonStyle } from '../../protocol/jsonFormat.js';
import { layOutAgain } from '../../protocol/jsonLayout.js';
import { elementsOf, membersOf, rootStart, skipValue } from '../../protocol/jsonText.js';
import { canonicalOutputs, isObject, joinLines, outputFromFile } from '../notebooks/outputs.js';

/** Where a cell goes: the layout of the notebook, and the indentation of its cells. */
export interface CellLayout {
  readonly style: JsonStyle;
  readonly indent: string;
}

/** Keys of a cell that say what it shows and not what it is. */
const SHOWN = new Set(['outputs', 'execution_count']);
/** Metadata that Jupyter keeps of running and trusting a cell: no edit, and carried over to no block. */
const PASSING = ['execution', 'trusted'];
/** What makes a cell part of a flow, in its `metadata.dagpy`. */
const MARKS = ['block', 'conflict', 'header', 'live', 'outside'];
const LINE: JsonStyle = { newline: '\n', unit: null };

/** What a person wrote in a cell and what it shows, each as one string that is equal exactly where nothing differs. */
export interface CellMeaning {
  readonly content: string;
  readonly outputs: string;
}

/** Format editors may write a cell anew, key order, line lists and `1.0` included, without meaning anything by it. */
export function meaningOf(text: string): CellMeaning {
  const cell = valueOf(text) as Readonly<Record<string, unknown>>;
  const { id: _, outputs, execution_count: count, source, metadata, attachments, ...rest } = cell;
  const written = { ...rest, source: meantBySource(source), metadata: withoutOurs(metadata) };
  const shown = {
    outputs: Array.isArray(outputs) ? outputs.map(outputFromFile) : [],
    executionCount: typeof count === 'number' ? count : null,
  };
  return {
    content: formatJson(hasEntries(attachments) ? { ...written, attachments } : written, LINE),
    outputs: cell['cell_type'] === 'code' ? canonicalOutputs([shown]) : '',
  };
}

/** Editors in browsers have no `-0.0`, and one kind of line ends. */
function valueOf(text: string): unknown {
  const hasNegativeZero = /-0(?![.\d]*[1-9])/.test(text);
  return hasNegativeZero
    ? JSON.parse(text, (_, value: unknown) => (Object.is(value, -0) ? 0 : value))
    : JSON.parse(text);
}

const meantBySource = (source: unknown): string => (joinLines(source) ?? '').replace(/\r\n?/g, '\n');

const hasEntries = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0;

/** Metadata less what makes a cell part of a flow, and what comes and goes by itself. */
function withoutOurs(metadata: unknown): unknown {
  if (!isObject(metadata)) return {};
  const rest = Object.fromEntries(Object.entries(metadata).filter(([key]) => !PASSING.includes(key)));
  const { dagpy, ...others } = rest;
  if (!isObject(dagpy)) return rest;
  const own = Object.entries(dagpy).filter(([key]) => !MARKS.includes(key));
  return own.length > 0 ? { ...others, dagpy: Object.fromEntries(own) } : others;
}

/** A cell as text of its members; of a doubled key the last counts, as for every reader. */
type Members = ReadonlyMap<string, string>;

function membersIn(text: string): Members {
  const start = rootStart(text);
  return new Map(
    membersOf(text, start).map(({ key, value }) => [key, text.slice(value.start, value.end)] as const),
  );
}

function asText(members: Members, { style, indent }: CellLayout): string {
  const entries = [...members].map(([key, value]) => `${JSON.stringify(key)}: ${value}`);
  return layOutAgain(`{${entries.join(',')}}`, style, indent);
}

/** Puts a member where its key sorts, as notebooks are kept. */
function withMember(members: Members, key: string, value: string): Members {
  if (members.has(key)) return new Map([...members].map(entry => (entry[0] === key ? [key, value] : entry)));
  const entries = [...members];
  const place = entries.findIndex(([other]) => byCodePoint(other, key) > 0);
  entries.splice(place < 0 ? entries.length : place, 0, [key, value]);
  return new Map(entries);
}

const without = (members: Members, key: string): Members =>
  new Map([...members].filter(([other]) => other !== key));

/** `metadata.dagpy` with some of our marks set, the others taken out. */
function marked(members: Members, marks: Marks): Members {
  // Whether its outputs are trusted is not for a file to say.
  const before = membersIn(members.get('metadata') ?? '{}');
  const metadata = without(before, 'trusted');
  const ours = membersIn(isObjectText(metadata.get('dagpy')) ? metadata.get('dagpy')! : '{}');
  let kept: Members = new Map([...ours].filter(([key]) => !MARKS.includes(key)));
  for (const [key, value] of Object.entries(marks)) kept = withMember(kept, key, JSON.stringify(value));
  const isSame = kept.size + ours.size === 0 && metadata.size === before.size;
  if (isSame && members.has('metadata')) return members;
  const next = kept.size > 0 ? withMember(metadata, 'dagpy', inLine(kept)) : without(metadata, 'dagpy');
  return withMember(members, 'metadata', inLine(next));
}

const inLine = (members: Members): string => asText(members, { style: LINE, indent: '' });
const isObjectText = (text: string | undefined): boolean => text?.trimStart().startsWith('{') === true;

/** What makes a cell part of a flow. */
export type Marks = Readonly<Record<string, unknown>>;

export function marksIn(text: string): Marks {
  const { metadata } = JSON.parse(text) as { readonly metadata?: unknown };
  const ours = isObject(metadata) ? metadata['dagpy'] : undefined;
  return isObject(ours)
    ? Object.fromEntries(Object.entries(ours).filter(([key]) => MARKS.includes(key)))
    : {};
}

export const withMarks = (text: string, marks: Marks, layout: CellLayout): string =>
  asText(marked(membersIn(text), marks), layout);

/** A block's cell as it stands in a flow. @param conflict the flow's cell that it disagrees with */
export function cellInFlow(
  text: string,
  id: string,
  block: string,
  layout: CellLayout,
  conflict?: string,
): string {
  const members = membersIn(text);
  const marks = {
    block,
    ...(conflict === undefined ? {} : { conflict }),
    ...(looksLikeHeader(members) ? { header: false } : {}),
  };
  return asText(marked(withMember(members, 'id', JSON.stringify(id)), marks), layout);
}

/** The version of a cell that somebody else wrote, as it stands below the one it disagrees with. */
export const conflictingCell = (text: string, id: string, about: string, layout: CellLayout): string =>
  asText(marked(withMember(membersIn(text), 'id', JSON.stringify(id)), { conflict: about }), layout);

export const withCellId = (text: string, id: string, layout: CellLayout): string =>
  asText(withMember(membersIn(text), 'id', JSON.stringify(id)), layout);

/** A cell of a flow that belongs to no block. */
export function cellOutside(text: string, layout: CellLayout): string {
  const members = membersIn(text);
  return asText(
    marked(members, { ...(looksLikeHeader(members) ? { header: false } : {}), outside: true }),
    layout,
  );
}

/** Prose of a block that reads like the header of one. */
function looksLikeHeader(members: Members): boolean {
  return (
    members.get('cell_type') === '"markdown"' &&
    parseHeader(joinLines(JSON.parse(members.get('source') ?? '""')) ?? '') !== undefined
  );
}

/** A flow's cell as a new one of a block. @param id `null`: the block's format has none */
export function cellInBlock(text: string, id: string | null, layout: CellLayout): string {
  const members = marked(membersIn(text), {});
  return asText(id === null ? without(members, 'id') : withMember(members, 'id', JSON.stringify(id)), layout);
}

/**
 * A block's cell after an edit in a flow. What means the same keeps its bytes, down to single entries.
 * @param take which parts come from the flow
 */
export function editedCell(
  own: string,
  flow: string,
  take: { readonly content: boolean; readonly outputs: boolean },
  layout: CellLayout,
): string {
  const mine = membersIn(own);
  const theirs = withPassing(marked(membersIn(flow), {}), mine);
  const comes = (key: string): boolean => key !== 'id' && (SHOWN.has(key) ? take.outputs : take.content);
  const isCode = (take.content ? theirs : mine).get('cell_type') === '"code"';
  let edited = mine;
  for (const [key, value] of theirs)
    if (comes(key) && !meansTheSame(key, mine.get(key), value))
      edited = withMember(edited, key, key === 'source' ? value : updated(mine.get(key), value));
  for (const key of mine.keys()) {
    const gone = SHOWN.has(key) ? !isCode : comes(key) && !theirs.has(key) && !isEmpty(mine.get(key));
    if (gone) edited = without(edited, key);
  }
  // A cell that became code has to say what it shows.
  if (isCode && !edited.has('outputs'))
    edited = withMember(withMember(edited, 'outputs', '[]'), 'execution_count', 'null');
  return sameTexts(edited, mine) ? own : replaced(own, mine, edited, layout);
}

/** An attachment list that Jupyter leaves out when nothing is in it. */
const isEmpty = (value: string | undefined): boolean => value !== undefined && /^\{\s*\}$/.test(value);

/** The members with the passing metadata of another cell. */
function withPassing(members: Members, other: Members): Members {
  const metadata = membersIn(members.get('metadata') ?? '{}');
  const theirs = membersIn(other.get('metadata') ?? '{}');
  let next: Members = metadata;
  for (const key of PASSING) {
    const value = theirs.get(key);
    next = value === undefined ? without(next, key) : withMember(next, key, value);
  }
  return sameTexts(next, metadata) ? members : withMember(members, 'metadata', inLine(next));
}

function meansTheSame(key: string, one: string | undefined, other: string): boolean {
  if (one === undefined) return key === 'metadata' && isEmpty(other);
  const [a, b] = [valueOf(one), valueOf(other)];
  if (key === 'source') return meantBySource(a) === meantBySource(b);
  if (key === 'outputs' && Array.isArray(a) && Array.isArray(b)) {
    const shown = (outputs: readonly unknown[]) =>
      canonicalOutputs([{ outputs: outputs.map(outputFromFile), executionCount: null }]);
    return shown(a) === shown(b);
  }
  return isSame(a, b);
}

const isSame = (a: unknown, b: unknown): boolean => formatJson(a, LINE) === formatJson(b, LINE);

/** A value with another one's meaning, and the bytes of every entry that means the same. */
function updated(own: string | undefined, other: string): string {
  if (own === undefined) return other;
  if (isSame(valueOf(own), valueOf(other))) return own;
  const [start, otherStart] = [rootStart(own), rootStart(other)];
  if (own[start] === '{' && other[otherStart] === '{') {
    const mine = membersIn(own);
    const theirs = membersIn(other);
    let next: Members = new Map([...mine].filter(([key]) => theirs.has(key)));
    for (const [key, value] of theirs) next = withMember(next, key, updated(mine.get(key), value));
    return inLine(next);
  }
  if (own[start] === '[' && other[otherStart] === '[') {
    const mine = elementsOf(own, start).map(span => own.slice(span.start, span.end));
    const theirs = elementsOf(other, otherStart).map(span => other.slice(span.start, span.end));
    return `[${theirs.map((value, at) => updated(mine[at], value)).join(', ')}]`;
  }
  return other;
}

const sameTexts = (a: Members, b: Members): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);

/** Only the values that changed are written anew, where the keys are the same. */
function replaced(own: string, before: Members, after: Members, layout: CellLayout): string {
  const start = rootStart(own);
  const members = membersOf(own, start);
  const isSimple = members.length === after.size && members.every(({ key }) => after.has(key));
  if (!isSimple) return asText(after, layout);
  let text = own.slice(0, start);
  let at = start;
  for (const { key, value } of members) {
    text += own.slice(at, value.start);
    const next = after.get(key)!;
    const inner = layout.indent + (layout.style.unit ?? '');
    text += next === before.get(key) ? next : layOutAgain(next, layout.style, inner);
    at = value.end;
  }
  return text + own.slice(at, skipValue(own, start));
}
