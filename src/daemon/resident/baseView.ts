/** What one look at a project found: everything of its view that no run in progress and no session decides. */
import { adoptedUnder } from '../adoption.js';
import { ambientNotes, outputNotes } from '../../engine/notes.js';
import { historyNotes, judging, type Pieces } from '../../engine/index.js';
import { blockId } from '../../protocol/ids.js';
import { type Problem, ProblemError } from '../../protocol/problem.js';
import type { BlockView, FailureView, PreviewView, ProjectFields } from '../../protocol/resident/view.js';
import type { Trace } from '../../protocol/trace.js';
import { inPieces, type Breathe } from '../breathe.js';
import { replayNotes, type Judged } from '../judged.js';
import {
  type Besides,
  blockView,
  declaredEdges,
  edgeViews,
  NO_PREVIEW,
  previewOf,
  storedParts,
  unjudged,
} from './blockViews.js';
import type { Failures } from './failures.js';
import type { Look } from './ports.js';

export interface BaseView {
  readonly fields: Pick<
    ProjectFields,
    'name' | 'kernel' | 'prelude' | 'edges' | 'preview' | 'problems' | 'warnings'
  >;
  readonly blocks: readonly BlockView[];
  /** What is shown of a trace that stands for a block by now. */
  partsOf(id: string, trace: Trace): Partial<BlockView>;
  /** As it was read. */
  readonly dagText: string | null;
  /** Cells and edges could be judged. */
  readonly isJudged: boolean;
}

export interface BaseOptions {
  readonly jobs: number;
  readonly failures: Failures;
  /** What was shown before; `null`: nothing yet. */
  readonly before: BaseView | null;
  readonly breathe: Breathe;
}

export async function baseView(look: Look, options: BaseOptions): Promise<BaseView> {
  const { opened } = look;
  const { breathe } = options;
  if (opened === null) return unloaded(look, look.problems, options);
  try {
    const loaded = await opened.load();
    const context = opened.context(loaded);
    const all: Judged = { context, judgements: await inPieces(judging(context), breathe) };
    const { dag } = opened.dag;
    const besides: Besides = {
      adopted: key => adoptedUnder(opened.local, opened.ports.objects, key),
      fileVersion: notebook => look.fileVersions.get(notebook),
    };
    return {
      fields: {
        name: dag.name,
        kernel: dag.kernel,
        prelude: dag.prelude ?? null,
        edges: await inPieces(edgeViews(all), breathe),
        preview: previewOf(all, options.jobs),
        problems: [],
        warnings: [...opened.dag.warnings, ...loaded.warnings, ...remarks(all)],
      },
      blocks: await inPieces(viewsOf(all, besides, options.failures), breathe),
      partsOf(id, trace) {
        const index = context.project.graph.indexOf.get(blockId(id));
        return index === undefined ? {} : storedParts(all, index, trace);
      },
      dagText: opened.dag.text,
      isJudged: true,
    };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return unloaded(look, error.problems, options);
  }
}

function* viewsOf(all: Judged, besides: Besides, failures: Failures): Pieces<readonly BlockView[]> {
  const views: BlockView[] = [];
  for (const index of all.context.project.snapshot.blocks.keys()) {
    yield;
    const failure = failureAt(all, index, failures);
    views.push({ ...blockView(all, index, besides), failure, progress: null, lastRun: null });
  }
  return views;
}

/** Blocks as they were last known; those of a `dag.json` that can be read, whatever became of their notebooks. */
function unloaded(look: Look, problems: readonly Problem[], { before }: BaseOptions): BaseView {
  const known = new Map(before?.blocks.map(block => [block.id, block]));
  const partsOf = before?.partsOf ?? (() => ({}));
  const { structure } = look;
  if (structure === null)
    return {
      fields: { ...(before?.fields ?? NO_FIELDS), problems },
      blocks: before?.blocks ?? [],
      partsOf,
      dagText: null,
      isJudged: false,
    };
  const { dag, text } = structure;
  const preview: PreviewView = before?.fields.preview ?? NO_PREVIEW;
  return {
    fields: {
      name: dag.name,
      kernel: dag.kernel,
      prelude: dag.prelude ?? null,
      edges: declaredEdges(dag),
      preview,
      problems,
      warnings: [],
    },
    blocks: dag.blocks.map(declaration => {
      const last = known.get(declaration.id);
      const plain = unjudged(declaration, dag);
      if (last === undefined) return plain;
      const { parents, after, filter, tags, notebook, isPrelude } = plain;
      const fileVersion = look.fileVersions.get(notebook) ?? '';
      return { ...last, parents, after, filter, tags, notebook, isPrelude, fileVersion };
    }),
    partsOf,
    dagText: text,
    isJudged: false,
  };
}

const NO_FIELDS: BaseView['fields'] = {
  name: '',
  kernel: '',
  prelude: null,
  edges: [],
  preview: NO_PREVIEW,
  problems: [],
  warnings: [],
};

/** What people should know although nothing is wrong. */
function remarks(all: Judged): readonly Problem[] {
  const notes = [
    ...historyNotes(all.context.project),
    ...ambientNotes(all.context, all.judgements),
    ...outputNotes(all.context, all.judgements),
  ];
  return [
    ...notes.map(({ block, message }) => ({
      code: 'note',
      block,
      message: `${block} ${message}`,
      remedy: '',
    })),
    ...replayNotes(all).map(message => ({ code: 'note', message, remedy: '' })),
  ];
}

function failureAt(all: Judged, index: number, failures: Failures): FailureView | null {
  const { declaration, memory } = all.context.project.snapshot.blocks[index]!;
  const judgement = all.judgements[index];
  const [problem] = judgement?.problems ?? [];
  if (problem !== undefined)
    return { message: problem.message, cell: null, traceback: [], remedy: problem.remedy };
  if (memory.failure === null || judgement?.trace) return null;
  const { message } = memory.failure;
  const isTold = judgement?.reasons.some(({ kind, detail }) => kind === 'failed' && detail === message);
  return judgement?.state === 'failed' || isTold === true
    ? failures.of(declaration.id, declaration.notebook, message)
    : null;
}
