/** `flow` and `submit`: several blocks as one notebook, and back. */
import { dirname, join, relative, resolve } from 'node:path';
import { readBlockFiles, type BlockFile } from '../../adapters/blockFiles.js';
import { loadDagFile } from '../../adapters/dagFile/index.js';
import {
  composeFlow,
  CONFLICT_CODE,
  isEdited,
  readFlow,
  submitFlow,
  wordsOf,
  type Conflict,
  type SubmitOutcome,
} from '../../adapters/flows/index.js';
import { areTrusted, createTrustKeeper, readNotebook } from '../../adapters/notebooks/index.js';
import { replaceTextFile, stampOf } from '../../adapters/textFile.js';
import { factsOf } from '../../daemon/cellFacts.js';
import { ancestorsOf, buildGraph, unknownBlock } from '../../engine/index.js';
import type { CellFacts } from '../../protocol/cellFacts.js';
import type { DagFile } from '../../protocol/dagFile.js';
import { blockId, type Uid } from '../../protocol/ids.js';
import { orThrow, ProblemError, type Problem } from '../../protocol/problem.js';
import { openGround } from '../ground.js';
import { openKernel } from '../openKernel.js';
import type { Session } from '../session.js';
import { plural, printable } from '../terminal/style.js';

export async function flow(
  session: Session,
  id: string,
  options: { readonly output?: string },
): Promise<number> {
  const project = session.folder();
  const { hasher, store } = await session.ground();
  const { dag } = orThrow(loadDagFile(project));
  const ranAs = (uid: Uid): string | undefined => store.memory.read(uid).last?.block;
  const files = orThrow(readBlockFiles(project, dag, { digest: hasher.digest, ranAs }));
  const needed = withDependencies(dag, files, id);
  const file =
    options.output === undefined
      ? join(project, `${id}.flow.ipynb`)
      : resolve(session.around.cwd, options.output);
  const shown = relative(session.around.cwd, file) || file;
  const { stamp, remarks } = replaceable(file, shown, dag, hasher.digest);
  const text = composeFlow(
    dag.name,
    needed.map(block => ({ ...block, ...wordsOf(block) })),
    hasher.digest,
    remarks,
  );
  const trust = createTrustKeeper({ python: session.around.python(), env: session.around.environment });
  try {
    const isTrusted = await areTrusted(
      trust,
      needed.map(({ notebook }) => notebook),
    );
    orThrow(replaceTextFile(file, text, stamp, shown));
    if (isTrusted) await trust.signAgain([file]);
  } finally {
    trust.close();
  }
  const names = needed.map(({ declaration }) => printable(declaration.id)).join(', ');
  session.note(
    `${printable(shown)} made of ${plural(needed.length, 'block')}: ${names}\nEdit it in Jupyter, then: dagpy submit ${printable(shown)}`,
  );
  return 0;
}

/** The block and everything above it, in an order in which it runs; the prelude first. */
function withDependencies(dag: DagFile, files: readonly BlockFile[], id: string): readonly BlockFile[] {
  const graph = orThrow(buildGraph(dag));
  const target = graph.indexOf.get(blockId(id));
  if (target === undefined) {
    throw new ProblemError([unknownBlock(id, graph.ids)]);
  }
  const marks = ancestorsOf(graph, [target]);
  const prelude = dag.prelude === undefined ? undefined : graph.indexOf.get(dag.prelude);
  const order = [...graph.order].filter(block => marks[block] === 1 && block !== prelude && block !== target);
  const first = prelude === undefined || prelude === target ? [] : [prelude];
  return [...first, ...order, target].map(block => files[block]!);
}

interface Replaceable {
  /** `null`: nothing is there. */
  readonly stamp: string | null;
  /** What people wrote into the headers, by uid of the block. */
  readonly remarks: ReadonlyMap<string, readonly string[]>;
}

/** What may be replaced: an earlier flow of this project, with nothing in it that the blocks do not have. */
function replaceable(
  file: string,
  shown: string,
  dag: DagFile,
  digest: (text: string) => string,
): Replaceable {
  if (stampOf(file) === null) return { stamp: null, remarks: new Map() };
  const refuse = (message: string, remedy: string): never => {
    throw new ProblemError([{ code: 'file-exists', message, file: shown, remedy }]);
  };
  const notebook = readNotebook(file, shown);
  const read = notebook.ok ? readFlow(notebook.value, digest) : notebook;
  if (!notebook.ok || (!read.ok && read.problems[0]?.code === 'not-a-flow'))
    return refuse(
      `${shown} is there already, and is no flow of this project`,
      'choose another file with -o, or move it away',
    );
  const flow = orThrow(read);
  if (flow.record.project !== dag.name)
    return refuse(
      `${shown} is there already, and is a flow of another project, ${flow.record.project}`,
      'choose another file with -o, or move it away',
    );
  if (isEdited(flow, digest))
    return refuse(
      `${shown} has edits or outputs that are not in the blocks`,
      `bring them in first: dagpy submit ${shown}; or choose another file with -o`,
    );
  const remarks = flow.sections.flatMap(({ uid, header }) =>
    uid === null || header?.header === undefined ? [] : [[uid, header.header.rest] as const],
  );
  return { stamp: notebook.value.stamp, remarks: new Map(remarks) };
}

export async function submit(
  session: Session,
  path: string,
  options: { readonly json?: boolean },
): Promise<number> {
  const { around } = session;
  const file = resolve(around.cwd, path);
  const shown = relative(around.cwd, file) || file;
  const project = session.folder(dirname(file));
  if (stampOf(file) === null) {
    throw new ProblemError([
      {
        code: 'notebook-missing',
        message: `${shown} does not exist`,
        file: shown,
        remedy: 'name a notebook that "dagpy flow" made',
      },
    ]);
  }
  const { dag } = orThrow(loadDagFile(project));
  const { hasher, store } = await openGround(around, project);
  const trust = createTrustKeeper({ python: around.python(), env: around.environment });
  try {
    const outcome = orThrow(
      await submitFlow(project, file, shown, {
        digest: hasher.digest,
        ranAs: uid => store.memory.read(uid).last?.block,
        trust,
        factsOf: sources => factsIn(session, dag.kernel, sources),
      }),
    );
    if (options.json === true) session.printJson(outcome);
    else tell(session, shown, outcome);
    return outcome.kind === 'conflict' ? 1 : 0;
  } catch (error) {
    // Two versions of a cell that nobody decided between: not a wrong call, and nothing was written.
    if (!(error instanceof ProblemError) || error.problems.some(({ code }) => code !== CONFLICT_CODE))
      throw error;
    const { problems } = error;
    const conflicts = problems.map(({ block, cell }) => ({ name: block, place: cell, about: 'cell' }));
    if (options.json === true) session.printJson({ kind: 'conflict', conflicts });
    else problems.forEach(problem => session.complain(problem));
    return 1;
  } finally {
    trust.close();
  }
}

/** Facts of code; the kernel is started only for them. */
async function factsIn(
  { around }: Session,
  kernelName: string,
  sources: readonly string[],
): Promise<(source: string) => CellFacts> {
  const kernel = await openKernel(around, kernelName);
  try {
    return await factsOf(kernel, kernel.environment, sources);
  } finally {
    await kernel.close();
  }
}

function tell(session: Session, shown: string, outcome: SubmitOutcome): void {
  if (outcome.kind === 'conflict') {
    for (const conflict of outcome.conflicts) session.complain(conflictProblem(conflict, shown));
    session.note('Nothing was written into the blocks.');
    return;
  }
  const { changed, added, renamed, rewired, left, kept, outputsDiffer } = outcome;
  const list = (names: readonly string[]): string => names.map(printable).join(', ');
  const lines = [
    ...renamed.map(({ from, to }) => `${printable(from)} is now called ${printable(to)}`),
    ...(added.length > 0 ? [`new: ${list(added)}`] : []),
    ...(changed.length > 0 ? [`changed: ${list(changed)}`] : []),
    ...(rewired.length > 0 ? [`parents or filter changed: ${list(rewired)}`] : []),
    ...(left.length > 0
      ? [`not in the flow any more, and left in the project (dagpy remove takes it out): ${list(left)}`]
      : []),
    ...(kept.length > 0 ? [`deleted on one side and changed on the other, so kept: ${cellsOf(kept)}`] : []),
    ...(outputsDiffer.length > 0
      ? [`run on both sides, so each keeps its own outputs: ${cellsOf(outputsDiffer)}`]
      : []),
  ];
  session.note(lines.length === 0 ? 'Nothing to submit: the blocks say the same.' : lines.join('\n'));
}

/** `2 cells of load, 1 cell of top`. */
function cellsOf(blocks: readonly string[]): string {
  return [...new Set(blocks)]
    .map(name => `${plural(blocks.filter(each => each === name).length, 'cell')} of ${printable(name)}`)
    .join(', ');
}

function conflictProblem({ name, place, about }: Conflict, shown: string): Problem {
  const isCell = about === 'cell';
  return {
    code: CONFLICT_CODE,
    message: isCell
      ? `this cell of ${name} was changed here and in the block`
      : `the ${about} of ${name} was changed here and in dag.json`,
    file: shown,
    cell: place,
    remedy: isCell
      ? 'the version of the block stands below it now: bring what you want into one of them, delete the other, and submit again'
      : 'what dag.json says stands in the header now: correct the header, or leave it to have it your way, and submit again',
  };
}
