/** A flow, as a file or as an editor has it, brought together with its blocks: planned first, written when asked. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blockReads, buildGraph } from '../../engine/index.js';
import type { MergeRemark } from '../../engine/flow/merge.js';
import { freeUid } from '../../engine/identity.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import { decodeDagFile, editDagFile } from '../../protocol/dagFileCodec/index.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import {
  copyNotebooks,
  readBlockFiles,
  writeTexts,
  type IdentityPorts,
  type NewText,
} from '../blockFiles.js';
import { DAG_FILE } from '../dagFile/find.js';
import { loadDagFile } from '../dagFile/index.js';
import { areTrusted, type Notebook, type TrustKeeper } from '../notebooks/index.js';
import { fileProblem, isText, plainly, type Writing } from '../textFile.js';
import { digestsOf } from './compose.js';
import { editsOf, type FlowEdits, type NewHome } from './dagEdits.js';
import { readFlow, type Flow } from './readFlow.js';
import type { Disagreement, ProjectBlock, Submission } from './state.js';
import { planSubmission } from './submit.js';
import { withTakenCells } from './takenCells.js';
import { wordsOf } from './words.js';
import { giversTo, inSafeOrder } from './writeOrder.js';

export interface SubmitPorts extends IdentityPorts {
  readonly trust: Pick<TrustKeeper, 'wasTrusted' | 'signAgain'>;
  /** What code reads and binds; asked only where a new block does not name its parents. */
  factsOf(sources: readonly string[]): Promise<(source: string) => CellFacts>;
}

export interface Submitted {
  readonly kind: 'submitted';
  /** Names of blocks whose notebooks changed. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  /** Blocks whose parents or filter changed. */
  readonly rewired: readonly string[];
  /** Blocks that were deleted from the flow and stay in the project. */
  readonly left: readonly string[];
  /** Blocks of cells that were deleted on one side and changed on the other, and stay; one entry a cell. */
  readonly kept: readonly string[];
  /** Blocks of cells that both sides ran: each side keeps its own outputs; one entry a cell. */
  readonly outputsDiffer: readonly string[];
}

/** What came of a submission. */
export type SubmitOutcome = Submitted | ({ readonly kind: 'conflict' } & Pick<Disagreement, 'conflicts'>);

/** A flow that is open in an editor, which shows runs as they happen. */
export interface OpenFlow {
  /** Where notebooks of blocks go that stand below no other block. */
  readonly home: NewHome;
  /** Only what the blocks have by now comes in. */
  readonly isUnsaved: boolean;
  /** Texts of cells that were edited since, as they were at each save. */
  readonly saved?: readonly { readonly id: string; readonly text: string }[];
}

export interface FlowPlan {
  /** What writing it comes to. */
  readonly outcome: SubmitOutcome;
  /** The flow afterwards. */
  readonly text: string;
  /** Whether the files that come of it may be trusted as their sources were. */
  readonly isTrusted: boolean;
  /** In words, what dag.json would be changed for; empty: it stays. */
  readonly dagEdits: readonly string[];
  readonly writesBlocks: boolean;
  /** Writes blocks and dag.json, all or nothing. */
  write(writing?: Writing): Promise<Result<void>>;
}

/**
 * @param notebook the flow. @param isShownTrusted whether an editor shows its outputs as trusted ones
 * @param open absent: it is a file that nobody has open
 */
export async function planFlow(
  project: string,
  notebook: Notebook,
  ports: SubmitPorts,
  open?: OpenFlow & { readonly isShownTrusted: boolean },
): Promise<Result<FlowPlan>> {
  const dag = loadDagFile(project);
  if (!dag.ok) return dag;
  const files = readBlockFiles(project, dag.value.dag, ports);
  if (!files.ok) return files;
  const blocks: readonly ProjectBlock[] = files.value;
  const home =
    open === undefined
      ? undefined
      : {
          name: dag.value.dag.name,
          blocks: blocks.map(block => ({ uid: block.uid, notebook: block.notebook, ...wordsOf(block) })),
        };
  const flow = readFlow(notebook, ports.digest, home);
  if (!flow.ok) return flow;
  const uids = new Set<string>(blocks.map(({ uid }) => uid));
  const newUid = (name: string): string => {
    const uid = freeUid(name, uids, ports.digest);
    uids.add(uid);
    return uid;
  };
  const isOpen = open !== undefined;
  const saved = new Map<string, Set<string>>();
  for (const { id, text } of open?.saved ?? []) {
    const { content } = digestsOf(text, ports.digest);
    saved.set(id, (saved.get(id) ?? new Set()).add(content));
  }
  const planned = planSubmission(flow.value, blocks, { digest: ports.digest, newUid, isOpen, saved });
  if (!planned.ok) return planned;
  const plan = planned.value;
  // Outputs of one untrusted notebook must not become trusted by way of another.
  const others = blocks.filter(({ uid }) => flow.value.record.blocks.some(block => block.uid === uid));
  const sources = others.map(block => block.notebook);
  const isTrusted = await areTrusted(
    ports.trust,
    open?.isShownTrusted === true ? sources : [notebook, ...sources],
  );
  const idle = { isTrusted, dagEdits: [], writesBlocks: false, write: async () => success(undefined) };
  if ('conflicts' in plan)
    return success({
      ...idle,
      outcome: { kind: 'conflict', conflicts: plan.conflicts },
      text: plan.flowText,
    });
  if (open?.isUnsaved === true)
    return success({ ...idle, outcome: NOTHING_SUBMITTED, text: plan.broughtIn() });

  const prelude = blocks.find(({ declaration }) => declaration.id === dag.value.dag.prelude)?.uid;
  const parents = await parentsOfNew(flow.value, plan, prelude, ports);
  const edits = editsOf(flow.value, plan, blocks, name => parents.get(name) ?? [], {
    ...(open === undefined ? {} : { home: open.home }),
    // What an earlier try left that was killed is that block's own.
    isTaken: file =>
      open !== undefined &&
      existsSync(join(project, file)) &&
      !plan.added.some(({ text }) => isText(join(project, file), text)),
  });
  if (!edits.ok) return edits;
  const names = new Map<string, string>([
    ...blocks.map(
      ({ uid, declaration }) =>
        [uid, plan.headers.find(edit => edit.uid === uid)?.name ?? declaration.id] as const,
    ),
    ...plan.added.map(({ uid, name }) => [uid, name] as const),
  ]);
  const editedDag = editDagFile(dag.value.text, edits.value.edits, { file: DAG_FILE });
  if (!editedDag.ok) return editedDag;
  const nextDag = await withTakenCells(editedDag.value, flow.value, blocks, names, sources =>
    ports.factsOf(sources),
  );
  if (!nextDag.ok) return nextDag;
  const { text: dagText } = nextDag.value;
  const decoded = decodeDagFile(dagText, { file: DAG_FILE });
  if (!decoded.ok) return failure(...decoded.problems);
  const graph = buildGraph(decoded.value.dag);
  if (!graph.ok) return graph;

  const after = new Map(decoded.value.dag.blocks.map(declaration => [declaration.id as string, declaration]));
  const outcome = submittedOf(plan, blocks, [...edits.value.rewired, ...nextDag.value.rewired], names);
  return success({
    outcome,
    text: plan.flowAfter(uid => wordsOf({ declaration: after.get(names.get(uid)!)! })),
    isTrusted,
    dagEdits: dagText === dag.value.text ? [] : wordsOfEdits(outcome),
    writesBlocks: plan.changed.length > 0 || plan.added.length > 0 || edits.value.moves.length > 0,
    async write(writing = plainly) {
      const dagTexts =
        dagText === dag.value.text ? [] : [{ file: DAG_FILE, before: dag.value, text: dagText }];
      const written = writing(() => write(project, plan, blocks, edits.value, dagTexts));
      if (!written.ok) return written;
      if (isTrusted) await ports.trust.signAgain(written.value.map(file => join(project, file)));
      return success(undefined);
    },
  });
}

const NOTHING_SUBMITTED: Submitted = {
  kind: 'submitted',
  changed: [],
  added: [],
  renamed: [],
  rewired: [],
  left: [],
  kept: [],
  outputsDiffer: [],
};

function submittedOf(
  plan: Submission,
  blocks: readonly ProjectBlock[],
  rewired: readonly string[],
  names: ReadonlyMap<string, string>,
): Submitted {
  const nameBefore = (uid: string): string => blocks.find(block => block.uid === uid)!.declaration.id;
  const blocksOf = (wanted: MergeRemark['kind']): readonly string[] =>
    plan.merge.remarks.flatMap(({ kind, block }) =>
      kind === wanted ? [names.get(block) ?? block.replace(/^new /, '')] : [],
    );
  return {
    kind: 'submitted',
    changed: plan.changed.map(({ uid }) => names.get(uid)!),
    added: plan.added.map(({ name }) => name),
    renamed: plan.headers.flatMap(({ uid, name }) =>
      name === undefined || name === nameBefore(uid) ? [] : [{ from: nameBefore(uid), to: name }],
    ),
    rewired: [...new Set(rewired)],
    left: plan.left,
    kept: blocksOf('kept-edited'),
    outputsDiffer: blocksOf('outputs-differ'),
  };
}

const wordsOfEdits = ({ added, renamed, rewired }: Submitted): readonly string[] => [
  ...added.map(name => `add ${name}`),
  ...renamed.map(({ from, to }) => `rename ${from} to ${to}`),
  ...rewired.map(name => `change what ${name} needs or hands on`),
];

/**
 * Blocks first, then dag.json: what it names is there. Cells are taken out of a block only once the new block that has
 * them now belongs to the project. Where something can not be written, all is put back; a crash in between is put right
 * by submitting again.
 * @returns the notebooks that were written, below the project
 */
function write(
  project: string,
  plan: Submission,
  blocks: readonly ProjectBlock[],
  { created, moves }: Pick<FlowEdits, 'created' | 'moves'>,
  dagTexts: readonly NewText[],
): Result<readonly string[]> {
  const names = new Set(blocks.map(({ declaration }) => declaration.notebook));
  const taken = created.filter(
    ({ notebook, text }) =>
      existsSync(join(project, notebook)) && (names.has(notebook) || !isText(join(project, notebook), text)),
  );
  if (taken.length > 0) {
    return failure(
      ...taken.map(({ notebook }): Problem => ({
        code: 'file-exists',
        message: `${notebook} is there already`,
        file: notebook,
        remedy: 'move that notebook away, or give the new block another name',
      })),
    );
  }
  const byUid = new Map(blocks.map(block => [block.uid, block]));
  const changed = plan.changed.map(({ uid, text }) => {
    const { declaration, notebook } = byUid.get(uid)!;
    return { file: declaration.notebook, before: notebook, text };
  });
  for (const { notebook } of created) {
    try {
      mkdirSync(dirname(join(project, notebook)), { recursive: true });
    } catch (error) {
      return failure(fileProblem(error, dirname(notebook), 'write'));
    }
  }
  const made = created.map(({ notebook, text }) => ({ file: notebook, before: null, text }));
  // One that gets another name is copied as it will be.
  const staying = changed.filter(({ file }) => !moves.some(({ from }) => from === file));
  const late = new Set(giversTo(made, staying));
  const ordered = inSafeOrder([...made, ...changed]);
  const texts = writeTexts(
    project,
    ordered.filter(text => !late.has(text)),
  );
  if (!texts.ok) return texts;
  const copied = copyNotebooks(project, moves, blocks);
  const rest = copied.ok
    ? writeTexts(project, [...dagTexts, ...ordered.filter(text => late.has(text))])
    : copied;
  if (!copied.ok || !rest.ok) {
    if (copied.ok) copied.value.undo();
    texts.value.undo();
    return failure(...(rest.ok ? [] : rest.problems));
  }
  copied.value.finish();
  const moved = new Map(moves.map(({ from, to }) => [from, to]));
  return success([
    ...changed.map(({ file }) => moved.get(file) ?? file),
    ...created.map(({ notebook }) => notebook),
  ]);
}

/** Of each new block that does not say: the nearest blocks above it that make what it reads. */
async function parentsOfNew(
  flow: Flow,
  { added }: Submission,
  prelude: string | undefined,
  ports: SubmitPorts,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const asking = added.filter(({ parents }) => parents === undefined);
  if (asking.length === 0) return new Map();
  const codeOf = (cells: readonly string[]): readonly string[] =>
    cells.flatMap(id => {
      const cell = flow.cells.get(id);
      return cell?.type === 'code' ? [cell.source] : [];
    });
  const facts = await ports.factsOf(flow.sections.flatMap(({ cells }) => codeOf(cells)));
  const reads = flow.sections.map(({ cells }) => blockReads(codeOf(cells).map(facts)));
  return new Map(
    asking.map(({ name }) => {
      const at = flow.sections.findIndex(section => section.uid === null && section.name === name);
      const parents = new Set<string>();
      for (const read of reads[at]?.reads ?? []) {
        for (let above = at - 1; above >= 0; above -= 1) {
          if (reads[above]?.mayBind.includes(read) !== true) continue;
          // Everybody has what the prelude makes.
          if (flow.sections[above]!.uid === prelude) break;
          parents.add(flow.sections[above]!.name);
          break;
        }
      }
      const nearest = flow.sections[at - 1];
      if (reads[at]?.everything === true && nearest !== undefined && nearest.uid !== prelude)
        parents.add(nearest.name);
      return [name, flow.sections.map(section => section.name).filter(each => parents.has(each))];
    }),
  );
}
