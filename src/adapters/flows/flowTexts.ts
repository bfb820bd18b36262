/** Texts of a flow: brought up to date with its blocks, or with both versions of what both sides changed. */
import { sameTexts, withDispute, type BlockWords, type HeaderMerge } from '../../engine/flow/headerMerge.js';
import { withInserted } from '../../engine/flow/merge.js';
import type { Header } from '../../protocol/flow/headers.js';
import { FLOW_VERSION, type FlowRecord, type RecordedBlock } from '../../protocol/flow/record.js';
import type { FlowSection } from '../../protocol/flow/sections.js';
import { setMetadata, withWidgets } from '../notebooks/index.js';
import type { WrittenCell } from './blockTexts.js';
import { layoutOf, withCells } from './cellList.js';
import { cellInFlow, cellOutside, marksIn, withMarks, type CellLayout } from './cellText.js';
import { digestsOf, FlowIds, headerCell, headerId } from './compose.js';
import type { Flow, FlowCell } from './readFlow.js';
import { donorsOf, isDisputedHeader, keyOf, type Conflict, type Disagreement, type State } from './state.js';
import { wordsOf } from './words.js';

/** A block's cells as they are after the merge. */
export interface WrittenBlock {
  readonly uid: string;
  readonly cells: readonly WrittenCell[];
}

interface TextCell {
  readonly id: string;
  readonly text: string;
}

/** The flow after its blocks were written. @param described what dag.json says about a block then */
export function flowAfter(
  state: State,
  written: ReadonlyMap<string, WrittenBlock>,
  described: (uid: string) => BlockWords,
): string {
  const { flow } = state;
  const cells: TextCell[] = [];
  const blocks = flow.sections.map((section): RecordedBlock => {
    const asleep = asleepBlock(state, section);
    if (asleep !== undefined) {
      cells.push(...sectionAsItIs(flow, section));
      return asleep;
    }
    const { uid, cells: own } = written.get(keyOf(section))!;
    const words = described(uid);
    cells.push(headerText(flow, section, uid, words));
    const shown = own.map(cell => shownCell(state, cell, uid));
    cells.push(...shown);
    return { uid, ...words, cells: shown.map(({ recorded }) => recorded) };
  });
  const target = flow.record.target === '' ? (blocks.at(-1)?.uid ?? '') : flow.record.target;
  return withRecord(state, cells, { ...flow.record, version: FLOW_VERSION, target, blocks });
}

/**
 * The flow with what its blocks have by now, while nothing was written into them: it remembers the blocks as they are, so
 * that its own edits are still edits.
 */
export function broughtIn(state: State, written: ReadonlyMap<string, WrittenBlock>): string {
  const { flow, known, headers, disk } = state;
  const cells: TextCell[] = [];
  for (const section of flow.sections) {
    const { uid } = section;
    if (uid === null || asleepBlock(state, section) !== undefined) {
      cells.push(...sectionAsItIs(flow, section));
      continue;
    }
    const now = wordsOf(known.get(uid)!);
    const merged = headers.get(uid);
    const words = merged === undefined ? now : wantedWords(state, merged, now);
    cells.push(headerText(flow, section, uid, words));
    cells.push(...written.get(uid)!.cells.map(cell => shownCell(state, cell, uid)));
  }
  const blocks = flow.record.blocks.map((block): RecordedBlock => {
    const now = known.get(block.uid);
    const own = disk.get(block.uid);
    if (now === undefined || own === undefined) return block;
    const recorded = own.map(({ version: { id, content, outputs }, own: ownId }) => {
      const shown = written.get(block.uid)?.cells.find(cell => cell.id === id);
      const shows = shown === undefined ? '' : shownCell(state, shown, block.uid).recorded.shown;
      return { id, own: ownId ?? '', content, outputs, shown: shows };
    });
    return { uid: block.uid, ...wordsOf(now), cells: recorded };
  });
  return withRecord(state, cells, { ...flow.record, blocks });
}

/** What a header with edits asks for, held against what dag.json says by now. */
function wantedWords(state: State, { edit }: HeaderMerge, now: BlockWords): BlockWords {
  if (edit === null) return now;
  const { flow, known } = state;
  const nameNow = (name: string): string => {
    const uid = flow.record.blocks.find(block => block.name === name)?.uid;
    return known.get(uid ?? '')?.declaration.id ?? name;
  };
  const before = edit.parents?.before.map(nameNow) ?? [];
  const after = edit.parents?.after.map(nameNow) ?? [];
  const kept = now.parents.filter(name => !before.includes(name) || after.includes(name));
  return {
    name: edit.name ?? now.name,
    filter: edit.filter ?? now.filter,
    parents: [...kept, ...after.filter(name => !before.includes(name) && !kept.includes(name))],
  };
}

/** Of a block that the project does not have any more: it is remembered, and may come back by an undo. */
const asleepBlock = ({ flow, gone }: State, { uid }: FlowSection): RecordedBlock | undefined =>
  uid !== null && gone.has(uid) ? flow.record.blocks.find(block => block.uid === uid) : undefined;

function sectionAsItIs(flow: Flow, { header, cells }: FlowSection): readonly TextCell[] {
  const ids = header === null ? cells : [header.id, ...cells];
  return ids.map(id => ({ id, text: (flow.headers.get(id) ?? flow.cells.get(id)!).text }));
}

/**
 * A cell of a block as the flow shows it: with its own text and outputs where the block says the same. What a run has shown
 * so far is the editor's to keep, which knows whether that run is over.
 */
function shownCell(
  { flow, merge, digest, isOpen }: State,
  { id, own, text }: WrittenCell,
  uid: string,
): TextCell & { readonly recorded: RecordedBlock['cells'][number] } {
  const layout = layoutOf(flow.notebook.text);
  const digests = digestsOf(text, digest);
  const cell = flow.cells.get(id);
  const before = cell === undefined ? undefined : digestsOf(cell.text, digest);
  const recorded = flow.recorded.get(id);
  const isUnchanged = recorded?.outputs === digests.outputs;
  const isOwn =
    (!isOpen && merge.remarks.some(remark => remark.kind === 'outputs-differ' && remark.id === id)) ||
    (isUnchanged && recorded?.shown === before?.outputs);
  const keeps =
    before?.content === digests.content &&
    cell?.isLive === false &&
    (before.outputs === digests.outputs || isOwn);
  const shown = keeps && before.outputs !== digests.outputs ? before.outputs : '';
  return {
    id,
    text: keeps ? asFlowCell(flow, cell, uid, layout) : cellInFlow(text, id, uid, layout),
    recorded: { id, own: own ?? '', ...digests, shown },
  };
}

function withRecord(state: State, cells: readonly TextCell[], record: FlowRecord): string {
  const { flow } = state;
  const layout = layoutOf(flow.notebook.text);
  const texts = new Map(cells.map(({ id, text }) => [id, text]));
  for (const id of flow.outside) texts.set(id, asOutside(flow.cells.get(id)!, layout));
  // Cells that belong to no block stay behind the cell that they stand below.
  const here = flow.order.filter(id => texts.has(id));
  const order = withInserted(
    cells.map(({ id }) => id),
    here,
  );
  const text = withWidgets(
    withCells(
      flow.notebook.text,
      order.map(id => texts.get(id)!),
    ),
    donorsOf(state),
  );
  return setMetadata(text, ['dagpy', 'flow'], record);
}

function asOutside({ text }: FlowCell, layout: CellLayout): string {
  const { metadata } = JSON.parse(text) as { readonly metadata?: { readonly dagpy?: object } };
  const marks = metadata?.dagpy ?? {};
  return 'outside' in marks && !('block' in marks) ? text : cellOutside(text, layout);
}

/** The flow's own text of a cell, unless what is left of a conflict stands in it or it went to another block. */
function asFlowCell({ notebook }: Flow, cell: FlowCell, uid: string, layout: CellLayout): string {
  const { hasOwnId, id, block } = notebook.cells[cell.place - 1]!;
  const isPlain = !cell.isLeftOver && hasOwnId && id === cell.id && (block === undefined || block === uid);
  return isPlain ? cell.text : cellInFlow(cell.text, cell.id, uid, layout);
}

/** A header that already says what is so keeps its text. */
function headerText(flow: Flow, { header }: FlowSection, uid: string, words: BlockWords): TextCell {
  const layout = layoutOf(flow.notebook.text);
  const said = header?.header;
  const cell: FlowCell | undefined = header === null ? undefined : flow.headers.get(header.id);
  const isRight =
    said?.name === words.name &&
    header?.origin === uid &&
    said.isDisputed !== true &&
    sameTexts(said.parents ?? [], words.parents) &&
    sameTexts(said.filter ?? [], words.filter);
  if (isRight && cell !== undefined) return { id: cell.id, text: cell.text };
  // The cell that a person typed stays the one it is, so that an editor goes on with it.
  const id = cell?.id ?? headerId(uid);
  return { id, text: headerCell({ uid, ...words }, layout, said?.rest ?? [], id) };
}

/**
 * Puts the blocks' versions of disputed cells below the flow's, and what dag.json says into disputed headers, and takes
 * note of them as what the flow was made from: what then stays in the flow is what the person wants.
 */
export function disagreement({ flow, merge, texts, recorded, headers, known, disk }: State): Disagreement {
  const layout = layoutOf(flow.notebook.text);
  const disputed = new Map(merge.conflicts.map(({ id, block }) => [id, block]));
  const taken = new FlowIds();
  taken.reserve(flow.order);
  taken.reserve(recorded.flatMap(({ cells }) => cells.map(({ id }) => id)));
  const names = new Map(flow.sections.map(section => [keyOf(section), section.name]));
  const owners = new Map(flow.sections.map(({ uid, header }) => [header?.id, uid]));
  const conflicts: Conflict[] = [];
  const cells: string[] = [];
  flow.order.forEach((id, at) => {
    const { span } = flow.notebook.cells[at]!;
    const text = flow.notebook.text.slice(span.start, span.end);
    const block = disputed.get(id);
    const uid = owners.get(id);
    const header = headers.get(uid ?? '');
    const place = cells.length + 1;
    if (block !== undefined) {
      const home = recorded.find(({ cells: own }) => own.some(cell => cell.id === id))?.uid ?? block;
      const copy = taken.take(`${id.slice(0, 50)}-now`, block);
      const mine = cellInFlow(text, id, home, layout);
      const isLive = flow.cells.get(id)?.isLive === true;
      cells.push(isLive ? withMarks(mine, { ...marksIn(mine), live: true }, layout) : mine);
      cells.push(cellInFlow(texts.disk.get(id)!.text, copy, home, layout, id));
      conflicts.push({ name: names.get(block) ?? block, place, about: 'cell' });
    } else if (header !== undefined && isDisputedHeader(header)) {
      const now = wordsOf(known.get(uid!)!);
      const said = saidIn(flow, uid!);
      cells.push(disputedHeader(uid!, id, withDispute(said, header.disputed, now), now, layout));
      for (const about of header.disputed) conflicts.push({ name: said.name, place, about });
    } else cells.push(text);
  });
  const noted = new Set(recorded.flatMap(block => block.cells.map(({ id }) => id)));
  const blocks = flow.record.blocks.map(block => {
    const now = known.get(block.uid) === undefined ? undefined : wordsOf(known.get(block.uid)!);
    const about = headers.get(block.uid)?.disputed ?? [];
    return {
      ...block,
      ...(now !== undefined && about.includes('name') ? { name: now.name } : {}),
      ...(now !== undefined && about.includes('filter') ? { filter: now.filter } : {}),
      cells: [
        ...block.cells.map(cell => {
          const version = disputed.has(cell.id) ? texts.disk.get(cell.id)?.version : undefined;
          return version === undefined
            ? cell
            : { ...cell, content: version.content, outputs: version.outputs };
        }),
        ...(disk.get(block.uid) ?? []).flatMap(({ version, own }) =>
          disputed.has(version.id) && !noted.has(version.id)
            ? [{ ...version, own: own ?? '', shown: '' }]
            : [],
        ),
      ],
    };
  });
  const text = setMetadata(withCells(flow.notebook.text, cells), ['dagpy', 'flow'], {
    ...flow.record,
    blocks,
  });
  return { conflicts, flowText: text };
}

const saidIn = (flow: Flow, uid: string): Header =>
  flow.sections.find(section => section.uid === uid)!.header!.header!;

function disputedHeader(uid: string, id: string, said: Header, now: BlockWords, layout: CellLayout): string {
  const { name, parents = now.parents, filter = now.filter, rest } = said;
  return headerCell({ uid, name, parents, filter }, layout, rest, id);
}
