/**
 * What submitting a flow would write, as texts: blocks, dag.json, and the flow itself brought up to date. Reads and writes
 * nothing, so that all is checked before a file changes.
 */
import {
  mergeHeader,
  sameTexts,
  withDispute,
  type BlockWords,
  type HeaderEdit,
  type HeaderMerge,
} from '../../engine/flow/headerMerge.js';
import {
  mergeFlow,
  type CellVersion,
  type Merge,
  type MergedSection,
  type Section,
} from '../../engine/flow/merge.js';
import type { Header } from '../../protocol/flow/headers.js';
import type { FlowSection } from '../../protocol/flow/sections.js';
import type { BlockDeclaration } from '../../protocol/dagFile.js';
import { FLOW_VERSION, type FlowRecord, type RecordedBlock } from '../../protocol/flow/record.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { composeNotebook, setMetadata, withWidgets, type Notebook } from '../notebooks/index.js';
import {
  blockText,
  diskCells,
  mergedCells,
  type DiskCell,
  type SectionCells,
  type Texts,
  type WrittenCell,
} from './blockTexts.js';
import { layoutOf, withCells } from './cellList.js';
import { cellInFlow, type CellLayout } from './cellText.js';
import { digestsOf, FlowIds, headerCell, type Digest } from './compose.js';
import type { Flow, FlowCell } from './readFlow.js';
import { wordsOf } from './words.js';

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

export interface Conflict {
  /** Of the block. */
  readonly name: string;
  /** Of the cell in the flow that shows both versions. */
  readonly place: number;
  readonly about: 'cell' | 'name' | 'filter';
}

/** Both versions of what both sides changed, in the flow. */
export interface Disagreement {
  readonly conflicts: readonly Conflict[];
  readonly flowText: string;
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
  const sections = flow.sections.map(section => flowSection(flow, section, options.digest));
  const inSections = sectionCells(sections, recorded, known);
  const disk = new Map(
    recorded.map(block => {
      const { notebook } = known.get(block.uid)!;
      return [block.uid, diskCells(notebook, block, inSections.get(block.uid)!, ids, options.digest)];
    }),
  );
  const merge = mergeFlow(
    recorded.map(({ uid, cells }) => ({ block: uid, cells })),
    sections,
    [...disk].map(([block, cells]) => ({ block, cells: cells.map(({ version }) => version) })),
  );
  const headers = headersOf(flow, recorded, known);
  const state: State = {
    flow,
    known,
    recorded,
    disk,
    merge,
    headers,
    digest: options.digest,
    texts: {
      flow: flow.cells,
      disk: new Map([...disk.values()].flat().map(cell => [cell.version.id, cell])),
    },
  };
  const isDisputed = merge.conflicts.length > 0 || [...headers.values()].some(isDisputedHeader);
  return success(isDisputed ? disagreement(state) : submission(state, options));
}

const isDisputedHeader = ({ disputed }: HeaderMerge): boolean => disputed.length > 0;

/** What the flow has for each block, and which cells went to another block though the flow does not know yet. */
function sectionCells(
  sections: readonly Section[],
  recorded: readonly RecordedBlock[],
  known: ReadonlyMap<string, ProjectBlock>,
): ReadonlyMap<string, SectionCells> {
  const homes = new Map(recorded.flatMap(({ uid, cells }) => cells.map(({ id }) => [id, uid] as const)));
  const left = new Map(recorded.map(({ uid }) => [uid, new Set<string>()]));
  for (const { block, cells } of sections) {
    const own = new Set(
      known.get(block)?.notebook.cells.flatMap(({ hasOwnId, id }) => (hasOwnId ? [id] : [])),
    );
    for (const { id } of cells) {
      const home = homes.get(id);
      if (home !== undefined && home !== block && own.has(id)) left.get(home)?.add(id);
    }
  }
  return new Map(
    recorded.map(({ uid }) => {
      const cells = sections.find(({ block }) => block === uid)?.cells ?? [];
      return [
        uid,
        { contents: new Map(cells.map(({ id, content }) => [id, content])), left: left.get(uid)! },
      ];
    }),
  );
}

/** Of every block that has a header. */
function headersOf(
  flow: Flow,
  recorded: readonly RecordedBlock[],
  known: ReadonlyMap<string, ProjectBlock>,
): ReadonlyMap<string, HeaderMerge> {
  return new Map(
    flow.sections.flatMap(({ uid, header }) => {
      const was = recorded.find(block => block.uid === uid);
      const said = header?.header;
      if (was === undefined || said === undefined) return [];
      return [[was.uid, mergeHeader(was.uid, was, said, wordsOf(known.get(was.uid)!))] as const];
    }),
  );
}

interface State {
  readonly flow: Flow;
  readonly known: ReadonlyMap<string, ProjectBlock>;
  readonly recorded: readonly RecordedBlock[];
  readonly disk: ReadonlyMap<string, readonly DiskCell[]>;
  readonly merge: Merge;
  /** By uid. */
  readonly headers: ReadonlyMap<string, HeaderMerge>;
  readonly digest: Digest;
  readonly texts: Texts;
}

/** New blocks have no identity yet; their names can not be taken for one. */
const keyOf = ({ uid, name }: FlowSection): string => uid ?? `new ${name}`;

function flowSection(flow: Flow, section: FlowSection, digest: Digest): Section {
  const cells = section.cells.map((id): CellVersion => {
    const { content, outputs } = digestsOf(flow.cells.get(id)!.text, digest);
    const recorded = flow.recorded.get(id);
    // Its own outputs since the last submission: nothing new.
    return { id, content, outputs: recorded?.shown === outputs ? recorded.outputs : outputs };
  });
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
  const donors = donorsOf(state);
  const changed: { uid: string; text: string }[] = [];
  const added: NewFlowBlock[] = [];
  const written = new Map<string, { readonly uid: string; readonly cells: readonly WrittenCell[] }>();
  flow.sections.forEach((section, at) => {
    const key = keyOf(section);
    const { cells } = sectionFor(key);
    if (section.uid !== null) {
      const { notebook } = known.get(section.uid)!;
      const next = blockText(notebook, cells, disk.get(section.uid) ?? [], texts);
      // One that was named by its block alone would take on another identity with a new name.
      const isRenamed = state.headers.get(section.uid)?.edit?.name !== undefined;
      const named =
        isRenamed && notebook.uid !== section.uid
          ? setMetadata(next.text, ['dagpy', 'uid'], section.uid)
          : next.text;
      const text = withWidgets(named, donors);
      if (text !== notebook.text) changed.push({ uid: section.uid, text });
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
      text: withWidgets(
        composeNotebook(
          original,
          own.map(({ text }) => text),
          { uid },
          { minor: Math.max(5, original.minor) },
        ),
        donors,
      ),
    });
    written.set(key, { uid, cells: own });
  });
  const here = new Set(flow.sections.map(({ uid }) => uid));
  return {
    changed,
    added,
    headers: [...state.headers.values()].flatMap(({ edit }) => edit ?? []),
    left: flow.record.blocks.filter(({ uid }) => !here.has(uid)).map(({ name }) => name),
    merge,
    flowAfter: described => flowAfter(state, written, described),
  };
}

/** Notebooks that cells may come from, the flow first: what ran there is newer. */
const donorsOf = ({ flow, recorded, known }: State): readonly Notebook[] => [
  flow.notebook,
  ...recorded.map(({ uid }) => known.get(uid)!.notebook),
];

/** Notebook whose metadata (kernel, language) a new block gets: that of the block above it, else of any of the flow. */
function originalFor({ flow, known }: State, at: number): Notebook {
  const uids = [...flow.sections.slice(0, at).reverse(), ...flow.sections.slice(at)].map(({ uid }) => uid);
  const uid = uids.find(each => each !== null);
  return uid === undefined || uid === null ? flow.notebook : known.get(uid)!.notebook;
}

function flowAfter(
  state: State,
  written: ReadonlyMap<string, { readonly uid: string; readonly cells: readonly WrittenCell[] }>,
  described: (uid: string) => BlockWords,
): string {
  const { flow, merge, digest } = state;
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
      const isOwn =
        ownOutputs.has(id) ||
        (flow.recorded.get(id)?.shown === before?.outputs &&
          flow.recorded.get(id)?.outputs === digests.outputs);
      const keeps = before?.content === digests.content && (before.outputs === digests.outputs || isOwn);
      cells.push(keeps ? asFlowCell(flow, shown!, uid, layout) : cellInFlow(text, id, uid, layout));
      const shows = keeps && before.outputs !== digests.outputs ? before.outputs : '';
      return { id, own: ownId ?? '', ...digests, shown: shows };
    });
    return { uid, ...words, cells: recorded };
  });
  const record: FlowRecord = { ...flow.record, version: FLOW_VERSION, blocks };
  const text = withWidgets(withCells(flow.notebook.text, cells), donorsOf(state));
  return setMetadata(text, ['dagpy', 'flow'], record);
}

/** The flow's own text of a cell, unless what is left of a conflict stands in it or it went to another block. */
function asFlowCell({ notebook }: Flow, cell: FlowCell, uid: string, layout: CellLayout): string {
  const { hasOwnId, id, block } = notebook.cells[cell.place - 1]!;
  const isPlain = !cell.isLeftOver && hasOwnId && id === cell.id && (block === undefined || block === uid);
  return isPlain ? cell.text : cellInFlow(cell.text, cell.id, uid, layout);
}

/** A header that already says what is so keeps its text. */
function headerText(flow: Flow, { header }: FlowSection, uid: string, words: BlockWords): string {
  const layout = layoutOf(flow.notebook.text);
  const said = header?.header;
  const cell: FlowCell | undefined = header === null ? undefined : flow.headers.get(header.id);
  const isRight =
    said?.name === words.name &&
    header?.origin === uid &&
    said.isDisputed !== true &&
    sameTexts(said.parents ?? [], words.parents) &&
    sameTexts(said.filter ?? [], words.filter);
  return isRight && cell !== undefined ? cell.text : headerCell({ uid, ...words }, layout, said?.rest ?? []);
}

/**
 * Puts the blocks' versions of disputed cells below the flow's, and what dag.json says into disputed headers, and takes
 * note of them as what the flow was made from: what then stays in the flow is what the person wants.
 */
function disagreement({ flow, merge, texts, recorded, headers, known, disk }: State): Disagreement {
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
      cells.push(cellInFlow(text, id, home, layout));
      cells.push(cellInFlow(texts.disk.get(id)!.text, copy, home, layout, id));
      conflicts.push({ name: names.get(block) ?? block, place, about: 'cell' });
    } else if (header !== undefined && isDisputedHeader(header)) {
      const now = wordsOf(known.get(uid!)!);
      const said = saidIn(flow, uid!);
      cells.push(disputedHeader(uid!, withDispute(said, header.disputed, now), now, layout));
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

const disputedHeader = (uid: string, said: Header, now: BlockWords, layout: CellLayout): string =>
  headerCell(
    { uid, name: said.name, parents: said.parents ?? now.parents, filter: said.filter ?? now.filter },
    layout,
    said.rest,
  );

/** Whether a flow was changed since it was made or submitted, so that making it anew would lose something. */
export function isEdited({ record, sections, cells }: Flow, digest: Digest): boolean {
  if (sections.length !== record.blocks.length) return true;
  return record.blocks.some((block, at) => {
    const section = sections[at]!;
    if (section.uid !== block.uid || section.cells.length !== block.cells.length) return true;
    const said = section.header?.header;
    if (said !== undefined && mergeHeader(block.uid, block, said, block).edit !== null) return true;
    return block.cells.some((cell, place) => {
      const id = section.cells[place]!;
      if (id !== cell.id) return true;
      const { content, outputs } = digestsOf(cells.get(id)!.text, digest);
      return content !== cell.content || (outputs !== cell.outputs && outputs !== cell.shown);
    });
  });
}
