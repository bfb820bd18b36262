/** Texts of single cells between a block's notebook and a flow notebook: compared by meaning, carried over by bytes. */
import { byCodePoint, formatJson, layOutAgain, type JsonStyle } from '../../protocol/jsonFormat.js';
import { membersOf, rootStart, skipValue } from '../../protocol/jsonText.js';
import { canonicalOutputs, isObject, joinLines, outputFromFile } from '../notebooks/outputs.js';

/** Where a cell goes: the layout of the notebook, and the indentation of its cells. */
export interface CellLayout {
  readonly style: JsonStyle;
  readonly indent: string;
}

/** Keys of a cell that say what it shows and not what it is. */
const SHOWN = new Set(['outputs', 'execution_count']);
const LINE: JsonStyle = { newline: '\n', unit: null };

/** What a person wrote in a cell and what it shows, each as one string that is equal exactly where nothing differs. */
export interface CellMeaning {
  readonly content: string;
  readonly outputs: string;
}

/** Format editors may write a cell anew, key order, line lists and `1.0` included, without meaning anything by it. */
export function meaningOf(text: string): CellMeaning {
  const cell = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const { id: _, outputs, execution_count: count, source, metadata, attachments, ...rest } = cell;
  const written = { ...rest, source: joinLines(source) ?? '', metadata: withoutOurs(metadata) };
  const shown = {
    outputs: Array.isArray(outputs) ? outputs.map(outputFromFile) : [],
    executionCount: typeof count === 'number' ? count : null,
  };
  return {
    content: formatJson(hasEntries(attachments) ? { ...written, attachments } : written, LINE),
    outputs: cell['cell_type'] === 'code' ? canonicalOutputs([shown]) : '',
  };
}

const hasEntries = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0;

/** Metadata less what makes a cell part of a flow. */
function withoutOurs(metadata: unknown): unknown {
  if (!isObject(metadata)) return {};
  const { dagpy, ...rest } = metadata;
  if (!isObject(dagpy)) return metadata;
  const { block: _, conflict: _also, ...own } = dagpy;
  return Object.keys(own).length > 0 ? { ...rest, dagpy: own } : rest;
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
function marked(members: Members, marks: Readonly<Record<string, string>>): Members {
  const metadata = membersIn(members.get('metadata') ?? '{}');
  const ours = membersIn(isObjectText(metadata.get('dagpy')) ? metadata.get('dagpy')! : '{}');
  let kept: Members = without(without(ours, 'block'), 'conflict');
  for (const [key, value] of Object.entries(marks)) kept = withMember(kept, key, JSON.stringify(value));
  const next =
    kept.size > 0
      ? withMember(metadata, 'dagpy', asText(kept, { style: LINE, indent: '' }))
      : without(metadata, 'dagpy');
  return withMember(members, 'metadata', asText(next, { style: LINE, indent: '' }));
}

const isObjectText = (text: string | undefined): boolean => text?.trimStart().startsWith('{') === true;

/** A block's cell as it stands in a flow. @param conflict the flow's cell that it disagrees with */
export function cellInFlow(
  text: string,
  id: string,
  block: string,
  layout: CellLayout,
  conflict?: string,
): string {
  const marks = conflict === undefined ? { block } : { block, conflict };
  return asText(marked(withMember(membersIn(text), 'id', JSON.stringify(id)), marks), layout);
}

/** A flow's cell as a new one of a block. @param id `null`: the block's format has none */
export function cellInBlock(text: string, id: string | null, layout: CellLayout): string {
  const members = marked(membersIn(text), {});
  return asText(id === null ? without(members, 'id') : withMember(members, 'id', JSON.stringify(id)), layout);
}

/**
 * A block's cell after an edit in a flow. Members that mean the same keep their bytes.
 * @param take which parts come from the flow
 */
export function editedCell(
  own: string,
  flow: string,
  take: { readonly content: boolean; readonly outputs: boolean },
  layout: CellLayout,
): string {
  const mine = membersIn(own);
  const theirs = marked(membersIn(flow), {});
  const comes = (key: string): boolean => key !== 'id' && (SHOWN.has(key) ? take.outputs : take.content);
  const isCode = (take.content ? theirs : mine).get('cell_type') === '"code"';
  let edited = mine;
  for (const [key, value] of theirs)
    if (comes(key) && !meansTheSame(key, mine.get(key), value)) edited = withMember(edited, key, value);
  for (const key of mine.keys()) {
    const gone = SHOWN.has(key) ? !isCode : comes(key) && !theirs.has(key);
    if (gone) edited = without(edited, key);
  }
  // A cell that became code has to say what it shows.
  if (isCode && !edited.has('outputs'))
    edited = withMember(withMember(edited, 'outputs', '[]'), 'execution_count', 'null');
  return sameTexts(edited, mine) ? own : replaced(own, mine, edited, layout);
}

function meansTheSame(key: string, one: string | undefined, other: string): boolean {
  if (one === undefined) return false;
  const [a, b] = [JSON.parse(one), JSON.parse(other)] as [unknown, unknown];
  if (key === 'source') return joinLines(a) === joinLines(b);
  if (key === 'outputs' && Array.isArray(a) && Array.isArray(b)) {
    const shown = (outputs: readonly unknown[]) =>
      canonicalOutputs([{ outputs: outputs.map(outputFromFile), executionCount: null }]);
    return shown(a) === shown(b);
  }
  return formatJson(a, LINE) === formatJson(b, LINE);
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
