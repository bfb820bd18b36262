/** Flow notebooks on disk: made of blocks, and written back into them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { blockReads, buildGraph } from '../../engine/index.js';
import type { MergeRemark } from '../../engine/flow/merge.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import { decodeDagFile, editDagFile } from '../../protocol/dagFileCodec/index.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { freeUid } from '../../engine/identity.js';
import { copyNotebooks, readBlockFiles, writeTexts, type IdentityPorts } from '../blockFiles.js';
import { DAG_FILE } from '../dagFile/find.js';
import { loadDagFile } from '../dagFile/index.js';
import { areTrusted, readNotebook, type TrustKeeper } from '../notebooks/index.js';
import { replaceTextFile } from '../textFile.js';
import { editsOf, type FlowEdits } from './dagEdits.js';
import { readFlow, type Flow } from './readFlow.js';
import { planSubmission, type Disagreement, type ProjectBlock, type Submission } from './submit.js';
import { wordsOf } from './words.js';

export { composeFlow, type FlowBlock } from './compose.js';
export { CONFLICT_CODE, readFlow } from './readFlow.js';
export { isEdited, type Conflict } from './submit.js';
export { wordsOf } from './words.js';

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

export type SubmitOutcome = Submitted | ({ readonly kind: 'conflict' } & Pick<Disagreement, 'conflicts'>);

const ATTEMPTS = 5;

/**
 * Writes a flow back into its blocks. Nothing is written where anything is wrong; on a conflict only the flow is, with
 * both versions in it.
 * @param path of the flow, absolute. @param shown as messages name it
 */
export async function submitFlow(
  project: string,
  path: string,
  shown: string,
  ports: SubmitPorts,
): Promise<Result<SubmitOutcome>> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptToSubmit(project, path, shown, ports);
    // Somebody saved one of the files meanwhile: their edit takes part in the merge now.
    if (outcome.ok || outcome.problems[0]?.code !== 'file-changed' || attempt === ATTEMPTS) return outcome;
  }
}

async function attemptToSubmit(
  project: string,
  path: string,
  shown: string,
  ports: SubmitPorts,
): Promise<Result<SubmitOutcome>> {
  const dag = loadDagFile(project);
  if (!dag.ok) return dag;
  const files = readBlockFiles(project, dag.value.dag, ports);
  if (!files.ok) return files;
  const notebook = readNotebook(path, shown);
  if (!notebook.ok) return notebook;
  const flow = readFlow(notebook.value, ports.digest);
  if (!flow.ok) return flow;
  const blocks: readonly ProjectBlock[] = files.value;
  const uids = new Set<string>(blocks.map(({ uid }) => uid));
  const newUid = (name: string): string => {
    const uid = freeUid(name, uids, ports.digest);
    uids.add(uid);
    return uid;
  };
  const planned = planSubmission(flow.value, blocks, { digest: ports.digest, newUid });
  if (!planned.ok) return planned;
  const plan = planned.value;
  // Outputs of one untrusted notebook must not become trusted by way of another.
  const others = blocks.filter(({ uid }) => flow.value.record.blocks.some(block => block.uid === uid));
  const isTrusted = await areTrusted(ports.trust, [notebook.value, ...others.map(block => block.notebook)]);
  if ('conflicts' in plan) {
    const written = replaceTextFile(path, plan.flowText, notebook.value.stamp, shown);
    if (!written.ok) return written;
    if (isTrusted) await ports.trust.signAgain([path]);
    return success({ kind: 'conflict', conflicts: plan.conflicts });
  }
  const prelude = blocks.find(({ declaration }) => declaration.id === dag.value.dag.prelude)?.uid;
  const parents = await parentsOfNew(flow.value, plan, prelude, ports);
  const edits = editsOf(flow.value, plan, blocks, name => parents.get(name) ?? []);
  if (!edits.ok) return edits;
  const nextDag = editDagFile(dag.value.text, edits.value.edits, { file: DAG_FILE });
  if (!nextDag.ok) return nextDag;
  const decoded = decodeDagFile(nextDag.value, { file: DAG_FILE });
  if (!decoded.ok) return failure(...decoded.problems);
  const graph = buildGraph(decoded.value.dag);
  if (!graph.ok) return graph;

  const written = write(project, plan, blocks, edits.value, () =>
    nextDag.value === dag.value.text
      ? success('')
      : replaceTextFile(join(project, DAG_FILE), nextDag.value, dag.value.stamp, DAG_FILE),
  );
  if (!written.ok) return written;
  if (isTrusted) await ports.trust.signAgain(written.value.map(file => join(project, file)));
  const after = new Map(decoded.value.dag.blocks.map(declaration => [declaration.id as string, declaration]));
  const names = new Map<string, string>([
    ...blocks.map(
      ({ uid, declaration }) =>
        [uid, plan.headers.find(edit => edit.uid === uid)?.name ?? declaration.id] as const,
    ),
    ...plan.added.map(({ uid, name }) => [uid, name] as const),
  ]);
  const text = plan.flowAfter(uid => wordsOf({ declaration: after.get(names.get(uid)!)! }));
  if (text !== notebook.value.text) {
    const refreshed = replaceTextFile(path, text, notebook.value.stamp, shown);
    if (!refreshed.ok) return refreshed;
    if (isTrusted) await ports.trust.signAgain([path]);
  }
  const nameBefore = (uid: string): string => blocks.find(block => block.uid === uid)!.declaration.id;
  const blocksOf = (wanted: MergeRemark['kind']): readonly string[] =>
    plan.merge.remarks.flatMap(({ kind, block }) =>
      kind === wanted ? [names.get(block) ?? block.replace(/^new /, '')] : [],
    );
  return success({
    kind: 'submitted',
    changed: plan.changed.map(({ uid }) => names.get(uid)!),
    added: plan.added.map(({ name }) => name),
    renamed: plan.headers.flatMap(({ uid, name }) =>
      name === undefined || name === nameBefore(uid) ? [] : [{ from: nameBefore(uid), to: name }],
    ),
    rewired: edits.value.rewired,
    left: plan.left,
    kept: blocksOf('kept-edited'),
    outputsDiffer: blocksOf('outputs-differ'),
  });
}

/**
 * Blocks first, dag.json last: what it names is there. Where something can not be written, all is put back; a crash in
 * between is put right by submitting again.
 * @returns the notebooks that were written, below the project
 */
function write(
  project: string,
  plan: Submission,
  blocks: readonly ProjectBlock[],
  { created, moves }: Pick<FlowEdits, 'created' | 'moves'>,
  writeDag: () => Result<string>,
): Result<readonly string[]> {
  const taken = created.filter(({ notebook }) => existsSync(join(project, notebook)));
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
  const texts = writeTexts(project, [
    ...changed,
    ...created.map(({ notebook, text }) => ({ file: notebook, before: null, text })),
  ]);
  if (!texts.ok) return texts;
  const copied = copyNotebooks(project, moves);
  const dag = copied.ok ? writeDag() : copied;
  if (!copied.ok || !dag.ok) {
    if (copied.ok) copied.value.undo();
    texts.value.undo();
    return failure(...(dag.ok ? [] : dag.problems));
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
