/**
 * What submitting a flow would write, as texts: blocks, dag.json, and the flow itself brought up to date. Reads and writes
 * nothing, so that all is checked before a file changes.
 */
import { mergeHeader, type HeaderMerge } from '../../engine/flow/headerMerge.js';
import { mergeFlow, type CellVersion, type MergedSection, type Section } from '../../engine/flow/merge.js';
import type { RecordedBlock } from '../../protocol/flow/record.js';
import type { FlowSection } from '../../protocol/flow/sections.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { composeNotebook, setMetadata, withWidgets, type Notebook } from '../notebooks/index.js';
import { blockText, diskCells, mergedCells, type SectionCells } from './blockTexts.js';
import { layoutOf } from './cellList.js';
import { digestsOf, FlowIds, type Digest } from './compose.js';
import { broughtIn, disagreement, flowAfter, type WrittenBlock } from './flowTexts.js';
import type { Flow } from './readFlow.js';
import {
  donorsOf,
  isDisputedHeader,
  keyOf,
  type Disagreement,
  type NewFlowBlock,
  type ProjectBlock,
  type State,
  type Submission,
  type SubmitOptions,
} from './state.js';
import { wordsOf } from './words.js';

/** @param blocks all of the project */
export function planSubmission(
  flow: Flow,
  blocks: readonly ProjectBlock[],
  options: SubmitOptions,
): Result<Submission | Disagreement> {
  const known = new Map(blocks.map(block => [block.uid, block]));
  const here = new Set(flow.sections.flatMap(({ uid }) => uid ?? []));
  const recorded = flow.record.blocks.filter(({ uid }) => here.has(uid) && known.has(uid));
  const absent = flow.record.blocks.filter(({ uid }) => here.has(uid) && !known.has(uid));
  if (absent.length > 0 && options.isOpen !== true)
    return failure(...absent.map(block => goneProblem(flow, block)));
  const gone = new Set(absent.map(({ uid }) => uid));

  const ids = new FlowIds();
  ids.reserve(flow.cells.keys());
  ids.reserve(flow.headers.keys());
  ids.reserve(flow.record.blocks.flatMap(({ cells }) => cells.map(({ id }) => id)));
  const awake = flow.sections.filter(({ uid }) => uid === null || !gone.has(uid));
  const sections = awake.map(section => flowSection(flow, section, options.digest));
  const inSections = sectionCells(sections, recorded, known);
  const disk = new Map(
    recorded.map(block => {
      const { notebook } = known.get(block.uid)!;
      return [block.uid, diskCells(notebook, block, inSections.get(block.uid)!, ids, options.digest)];
    }),
  );
  const onDisk = [...disk].map(([block, cells]) => ({ block, cells: cells.map(({ version }) => version) }));
  const merge = mergeFlow(originsOf(recorded, onDisk, options.saved), sections, onDisk);
  const headers = headersOf(flow, recorded, known);
  const state: State = {
    flow,
    known,
    recorded,
    gone,
    disk,
    merge,
    headers,
    digest: options.digest,
    isOpen: options.isOpen === true,
    texts: {
      flow: flow.cells,
      disk: new Map([...disk.values()].flat().map(cell => [cell.version.id, cell])),
    },
  };
  const isDisputed = merge.conflicts.length > 0 || [...headers.values()].some(isDisputedHeader);
  return success(isDisputed ? disagreement(state) : submission(state, options));
}

/** The blocks as the flow was made from them; of a cell that its block has as the flow was once saved, that version. */
function originsOf(
  recorded: readonly RecordedBlock[],
  disk: readonly Section[],
  saved: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): readonly Section[] {
  const now = new Map(disk.flatMap(({ cells }) => cells.map(({ id, content }) => [id, content] as const)));
  return recorded.map(({ uid, cells }) => ({
    block: uid,
    cells: cells.map(cell => {
      const content = now.get(cell.id);
      return content !== undefined && saved.get(cell.id)?.has(content) === true ? { ...cell, content } : cell;
    }),
  }));
}

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

function flowSection(flow: Flow, section: FlowSection, digest: Digest): Section {
  const cells = section.cells.map((id): CellVersion => {
    const { content, outputs } = digestsOf(flow.cells.get(id)!.text, digest);
    const recorded = flow.recorded.get(id);
    // Its own outputs since the last submission, or those of a run that is not over: nothing new.
    const isKnown = recorded?.shown === outputs || flow.cells.get(id)!.isLive;
    return { id, content, outputs: isKnown ? (recorded?.outputs ?? outputs) : outputs };
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
  const written = new Map<string, WrittenBlock>();
  flow.sections.forEach((section, at) => {
    if (state.gone.has(section.uid ?? '')) return;
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
    broughtIn: () => broughtIn(state, written),
  };
}

/** Notebook whose metadata (kernel, language) a new block gets: that of the block above it, else of any of the flow. */
function originalFor({ flow, known }: State, at: number): Notebook {
  const near = [...flow.sections.slice(0, at).reverse(), ...flow.sections.slice(at)];
  const found = near.map(({ uid }) => known.get(uid ?? '')).find(block => block !== undefined);
  return found?.notebook ?? flow.notebook;
}

/** Whether a flow was changed since it was made or submitted, so that making it anew would lose something. */
export function isEdited({ record, sections, outside, cells }: Flow, digest: Digest): boolean {
  if (outside.size > 0 || sections.length !== record.blocks.length) return true;
  return record.blocks.some((block, at) => {
    const section = sections[at]!;
    if (section.uid !== block.uid || section.cells.length !== block.cells.length) return true;
    const said = section.header?.header;
    if (said !== undefined && mergeHeader(block.uid, block, said, block).edit !== null) return true;
    return block.cells.some((cell, place) => {
      const id = section.cells[place]!;
      if (id !== cell.id) return true;
      const { text, isLive } = cells.get(id)!;
      const { content, outputs } = digestsOf(text, digest);
      const isShown = isLive || outputs === cell.outputs || outputs === cell.shown;
      return content !== cell.content || !isShown;
    });
  });
}
