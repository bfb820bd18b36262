/**
 * What submitting a flow would write, as texts: blocks, dag.json, and the flow itself brought up to date. Reads and writes
 * nothing, so that all is checked before a file changes.
 */
import {
  mergeFlow,
  type CellVersion,
  type Merge,
  type MergedSection,
  type Section,
} from '../../engine/flow/merge.js';
import type { FlowSection } from '../../engine/flow/sections.js';
import type { BlockDeclaration } from '../../protocol/dagFile.js';
import { FLOW_VERSION, type FlowRecord, type RecordedBlock } from '../../protocol/flowRecord.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { composeNotebook, setMetadata, type Notebook } from '../notebooks/index.js';
import {
  blockText,
  diskCells,
  mergedCells,
  type DiskCell,
  type Texts,
  type WrittenCell,
} from './blockTexts.js';
import { layoutOf, withCells } from './cellList.js';
import { cellInFlow } from './cellText.js';
import { digestsOf, FlowIds, headerCell, type Digest } from './compose.js';
import type { Flow, FlowCell } from './readFlow.js';

/** A block of the project as it is now. */
export interface ProjectBlock {
  readonly uid: string;
  readonly declaration: BlockDeclaration;
  readonly notebook: Notebook;
}

/** A block that only the flow has. */
export interface NewFlowBlock {
  readonly name: string;
  readonly uid: string;
  /** As its header says; absent: it says nothing. */
  readonly parents?: readonly string[];
  readonly filter?: readonly string[];
  /** Block of the flow that stands above it; absent: none. */
  readonly after?: string;
  readonly text: string;
}

/** What the header of a block says that it did not say when the flow was made. */
export interface HeaderEdit {
  readonly uid: string;
  readonly name?: string;
  readonly parents?: { readonly added: readonly string[]; readonly removed: readonly string[] };
  readonly filter?: readonly string[];
}

export interface Submission {
  /** Blocks whose notebooks change. */
  readonly changed: readonly { readonly uid: string; readonly text: string }[];
  readonly added: readonly NewFlowBlock[];
  readonly headers: readonly HeaderEdit[];
  /** Names of blocks that are not in the flow any more, and stay as they are. */
  readonly left: readonly string[];
  readonly merge: Merge;
  /** The flow as it stands after blocks and dag.json were written. @param names what blocks are called then, by uid */
  flowAfter(described: (uid: string) => BlockWords): string;
}

/** Both versions of the cells that both sides changed, in the flow. */
export interface Disagreement {
  readonly conflicts: readonly { readonly name: string; readonly place: number }[];
  readonly flowText: string;
}

/** A block in the words of its header. */
export interface BlockWords {
  readonly name: string;
  readonly parents: readonly string[];
  readonly filter: readonly string[];
}

export interface SubmitOptions {
  readonly digest: Digest;
  /** A new identity for a block. */
  newUid(name: string): string;
}

/** @param blocks all of the project */
export function planSubmission(
  flow: Flow,
  blocks: readonly ProjectBlock[],
  options: SubmitOptions,
): Result<Submission | Disagreement> {
  const known = new Map(blocks.map(block => [block.uid, block]));
  const here = new Set(flow.sections.flatMap(({ uid }) => uid ?? []));
  const recorded = flow.record.blocks.filter(({ uid }) => here.has(uid));
  const gone = recorded.filter(({ uid }) => !known.has(uid));
  if (gone.length > 0) return failure(...gone.map(block => goneProblem(flow, block)));

  const ids = new FlowIds();
  ids.reserve(flow.cells.keys());
  ids.reserve(flow.headers.keys());
  ids.reserve(flow.record.blocks.flatMap(({ cells }) => cells.map(({ id }) => id)));
  const disk = new Map(
    recorded.map(block => [block.uid, diskCells(known.get(block.uid)!.notebook, block, ids, options.digest)]),
  );
  const merge = mergeFlow(
    recorded.map(({ uid, cells }) => ({ block: uid, cells })),
    flow.sections.map(section => flowSection(flow, section, options.digest)),
    [...disk].map(([block, cells]) => ({ block, cells: cells.map(({ version }) => version) })),
  );
  const state: State = {
    flow,
    known,
    recorded,
    disk,
    merge,
    digest: options.digest,
    texts: {
      flow: flow.cells,
      disk: new Map([...disk.values()].flat().map(cell => [cell.version.id, cell])),
    },
  };
  return success(merge.conflicts.length > 0 ? disagreement(state) : submission(state, options));
}

interface State {
  readonly flow: Flow;
  readonly known: ReadonlyMap<string, ProjectBlock>;
  readonly recorded: readonly RecordedBlock[];
  readonly disk: ReadonlyMap<string, readonly DiskCell[]>;
  readonly merge: Merge;
  readonly digest: Digest;
  readonly texts: Texts;
}

/** New blocks have no identity yet; their names can not be taken for one. */
const keyOf = ({ uid, name }: FlowSection): string => uid ?? `new ${name}`;

function flowSection(flow: Flow, section: FlowSection, digest: Digest): Section {
  const cells = section.cells.map((id): CellVersion => ({
    id,
    ...digestsOf(flow.cells.get(id)!.text, digest),
  }));
  return { block: keyOf(section), cells };
}

function goneProblem({ notebook }: Flow, { name }: RecordedBlock): Problem {
  return {
    code: 'flow-block-gone',
    message: `the project has no block ${name} any more, and the flow holds its cells`,
    file: notebook.file,
    remedy: `delete them from the flow, or move them below another header: "## Block: NAME" begins a new block`,
  };
}

function submission(state: State, { newUid }: SubmitOptions): Submission {
  const { flow, known, merge, texts, disk } = state;
  const sectionFor = (key: string): MergedSection => merge.sections.find(({ block }) => block === key)!;
  const changed: { uid: string; text: string }[] = [];
  const added: NewFlowBlock[] = [];
  const written = new Map<string, { readonly uid: string; readonly cells: readonly WrittenCell[] }>();
  flow.sections.forEach((section, at) => {
    const key = keyOf(section);
    const { cells } = sectionFor(key);
    if (section.uid !== null) {
      const { notebook } = known.get(section.uid)!;
      const next = blockText(notebook, cells, disk.get(section.uid) ?? [], texts);
      if (next.text !== notebook.text) changed.push({ uid: section.uid, text: next.text });
      written.set(key, { uid: section.uid, cells: next.cells });
      return;
    }
    const uid = newUid(section.name);
    const original = originalFor(state, at);
    const layout = layoutOf(original.text);
    const own = mergedCells(cells, [], true, texts, layout);
    const after = flow.sections[at - 1]?.name;
    const { parents, filter } = section.header?.header ?? {};
    added.push({
      name: section.name,
      uid,
      ...(parents === undefined ? {} : { parents }),
      ...(filter === undefined ? {} : { filter }),
      ...(after === undefined ? {} : { after }),
      text: composeNotebook(
        original,
        own.map(({ text }) => text),
        { uid },
        { minor: Math.max(5, original.minor) },
      ),
    });
    written.set(key, { uid, cells: own });
  });
  const here = new Set(flow.sections.map(({ uid }) => uid));
  return {
    changed,
    added,
    headers: flow.sections.flatMap(section => headerEdits(flow.record, section)),
    left: flow.record.blocks.filter(({ uid }) => !here.has(uid)).map(({ name }) => name),
    merge,
    flowAfter: described => flowAfter(state, written, described),
  };
}

/** Notebook whose metadata (kernel, language) a new block gets: that of the block above it, else of any of the flow. */
function originalFor({ flow, known }: State, at: number): Notebook {
  const uids = [...flow.sections.slice(0, at).reverse(), ...flow.sections.slice(at)].map(({ uid }) => uid);
  const uid = uids.find(each => each !== null);
  return uid === undefined || uid === null ? flow.notebook : known.get(uid)!.notebook;
}

function headerEdits(record: FlowRecord, { uid, header, name }: FlowSection): readonly HeaderEdit[] {
  const was = record.blocks.find(block => block.uid === uid);
  if (was === undefined || header?.header === undefined) return [];
  const { parents, filter } = header.header;
  const added = parents?.filter(parent => !was.parents.includes(parent)) ?? [];
  const removed = parents === undefined ? [] : was.parents.filter(parent => !parents.includes(parent));
  const edit: HeaderEdit = {
    uid: was.uid,
    ...(name === was.name ? {} : { name }),
    ...(added.length + removed.length === 0 ? {} : { parents: { added, removed } }),
    ...(filter === undefined || filter.length === 0 || sameTexts(filter, was.filter) ? {} : { filter }),
  };
  return Object.keys(edit).length > 1 ? [edit] : [];
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at]);

function flowAfter(
  { flow, merge, digest }: State,
  written: ReadonlyMap<string, { readonly uid: string; readonly cells: readonly WrittenCell[] }>,
  described: (uid: string) => BlockWords,
): string {
  const layout = layoutOf(flow.notebook.text);
  const ownOutputs = new Set(
    merge.remarks.flatMap(({ kind, id }) => (kind === 'outputs-differ' ? [id] : [])),
  );
  const cells: string[] = [];
  const blocks = flow.sections.map((section): RecordedBlock => {
    const { uid, cells: own } = written.get(keyOf(section))!;
    const words = described(uid);
    cells.push(headerText(flow, section, uid, words));
    const recorded = own.map(({ id, own: ownId, text }) => {
      const digests = digestsOf(text, digest);
      const shown = flow.cells.get(id);
      const before = shown === undefined ? undefined : digestsOf(shown.text, digest);
      const keeps =
        before !== undefined &&
        before.content === digests.content &&
        (before.outputs === digests.outputs || ownOutputs.has(id));
      cells.push(keeps ? shown!.text : cellInFlow(text, id, uid, layout));
      return {
        id,
        own: ownId ?? '',
        content: digests.content,
        outputs: keeps ? before.outputs : digests.outputs,
      };
    });
    return { uid, ...words, cells: recorded };
  });
  const record: FlowRecord = { ...flow.record, version: FLOW_VERSION, blocks };
  return setMetadata(withCells(flow.notebook.text, cells), ['dagpy', 'flow'], record);
}

/** A header that already says what is so keeps its text. */
function headerText(flow: Flow, { header }: FlowSection, uid: string, words: BlockWords): string {
  const layout = layoutOf(flow.notebook.text);
  const said = header?.header;
  const cell: FlowCell | undefined = header === null ? undefined : flow.headers.get(header.id);
  const isRight =
    said?.name === words.name &&
    header?.origin === uid &&
    sameTexts(said.parents ?? [], words.parents) &&
    sameTexts(said.filter ?? [], words.filter);
  return isRight && cell !== undefined ? cell.text : headerCell({ uid, ...words }, layout, said?.rest ?? []);
}

/** Puts the blocks' versions of disputed cells below the flow's, and takes note of them as what the flow was made from. */
function disagreement({ flow, merge, texts, recorded }: State): Disagreement {
  const layout = layoutOf(flow.notebook.text);
  const disputed = new Map(merge.conflicts.map(({ id, block }) => [id, block]));
  const taken = new FlowIds();
  taken.reserve(flow.notebook.cells.map(({ id }) => id));
  const conflicts: { name: string; place: number }[] = [];
  const cells = flow.notebook.cells.flatMap(({ id, span }) => {
    const text = flow.notebook.text.slice(span.start, span.end);
    const block = disputed.get(id);
    if (block === undefined) return [text];
    const other = texts.disk.get(id)!;
    const copy = taken.take(`${id.slice(0, 50)}-now`, block);
    return [text, cellInFlow(other.text, copy, originOf(recorded, id) ?? block, layout, id)];
  });
  const names = new Map(flow.sections.map(section => [keyOf(section), section.name]));
  for (const { id, block } of merge.conflicts)
    conflicts.push({ name: names.get(block) ?? block, place: flow.cells.get(id)?.place ?? 0 });
  const blocks = flow.record.blocks.map(block => ({
    ...block,
    cells: block.cells.map(cell => {
      const version = disputed.has(cell.id) ? texts.disk.get(cell.id)?.version : undefined;
      return version === undefined ? cell : { ...cell, content: version.content, outputs: version.outputs };
    }),
  }));
  const text = setMetadata(withCells(flow.notebook.text, cells), ['dagpy', 'flow'], {
    ...flow.record,
    blocks,
  });
  return { conflicts, flowText: text };
}

const originOf = (recorded: readonly RecordedBlock[], id: string): string | undefined =>
  recorded.find(({ cells }) => cells.some(cell => cell.id === id))?.uid;

/** Whether a flow was changed since it was made or submitted, so that making it anew would lose something. */
export function isEdited(flow: Flow, digest: Digest): boolean {
  const { record, sections } = flow;
  if (sections.length !== record.blocks.length) return true;
  return record.blocks.some((block, at) => {
    const section = sections[at]!;
    if (section.uid !== block.uid || section.cells.length !== block.cells.length) return true;
    if (headerEdits(record, section).length > 0) return true;
    return block.cells.some((cell, place) => {
      const id = section.cells[place]!;
      return id !== cell.id || digestsOf(flow.cells.get(id)!.text, digest).content !== cell.content;
    });
  });
}
