/** Shapes of views, for the description of the interface and for whoever checks answers. */
import type { Problem } from '../problem.js';
import type { CrossingVariable, ExportReport, GraphEdge } from '../reports.js';
import type { Reason } from '../states.js';
import {
  anyCount,
  anyFlag,
  anyNumber,
  anyText,
  choice,
  constant,
  listOf,
  objectOf,
  orNull,
  recordOf,
  type Schema,
  variantOf,
} from './schema.js';
import {
  type BlockView,
  type CacheView,
  type FailureView,
  type FilterView,
  type ParentView,
  type PreviewView,
  type ProgressView,
  type ProjectView,
  RESIDENT_VERSION,
  type RunSummary,
  type RunView,
  type WithheldView,
} from './view.js';

const ids = listOf(anyText);

export const problem: Schema<Problem> = objectOf<Problem>(
  { code: anyText, message: anyText, remedy: anyText },
  { file: anyText, line: anyCount, column: anyCount, block: anyText, cell: anyCount },
);

export const reason: Schema<Reason> = objectOf<Reason>({
  kind: choice(
    'never-run',
    'code',
    'input',
    'file',
    'module',
    'package',
    'environment',
    'parameter',
    'filter',
    'failed',
    'forced',
    'untracked',
    'external',
    'cache-missing',
  ),
  detail: anyText,
});

export const filter: Schema<FilterView> = variantOf<'kind', FilterView>('kind', {
  auto: objectOf<{ readonly kind: 'auto' }>({ kind: constant('auto') }),
  names: objectOf<{ readonly kind: 'names'; readonly patterns: readonly string[] }>({
    kind: constant('names'),
    patterns: ids,
  }),
  off: objectOf<{ readonly kind: 'off' }>({ kind: constant('off') }),
});

export const parent: Schema<ParentView> = objectOf<ParentView>({
  block: anyText,
  use: orNull(recordOf(anyText)),
});

export const crossing: Schema<CrossingVariable> = objectOf<CrossingVariable>({
  name: anyText,
  as: anyText,
  type: orNull(anyText),
  bytes: orNull(anyCount),
});

const edge: Schema<GraphEdge> = objectOf<GraphEdge>({
  from: anyText,
  to: anyText,
  kind: choice('values', 'order'),
  session: anyFlag,
  variables: listOf(crossing),
});

const exported: Schema<ExportReport> = objectOf<ExportReport>({
  name: anyText,
  type: anyText,
  bytes: anyCount,
  digest: orNull(anyText),
});

const withheld: Schema<WithheldView> = objectOf<WithheldView>({
  name: anyText,
  type: anyText,
  why: anyText,
  detail: anyText,
});

const failure: Schema<FailureView> = objectOf<FailureView>({
  message: anyText,
  cell: orNull(anyCount),
  traceback: listOf(anyText),
  remedy: anyText,
});

const progress: Schema<ProgressView> = objectOf<ProgressView>({
  done: anyCount,
  cells: anyCount,
  cell: orNull(anyCount),
  since: anyNumber,
  expectedSeconds: orNull(anyNumber),
});

const block: Schema<BlockView> = objectOf<BlockView>(
  {
    id: anyText,
    uid: anyText,
    notebook: anyText,
    state: choice('never', 'fresh', 'stale', 'affected', 'queued', 'running', 'failed', 'blocked', 'frozen'),
    reasons: listOf(reason),
    parents: listOf(parent),
    after: ids,
    filter,
    tags: recordOf(anyText),
    isPrelude: anyFlag,
    seconds: orNull(anyNumber),
    bytes: orNull(anyCount),
    exports: listOf(exported),
    withheld: listOf(withheld),
    codeCells: anyCount,
    changedCells: listOf(anyCount),
    failure: orNull(failure),
    progress: orNull(progress),
    lastRun: orNull(choice('executed', 'restored', 'fresh')),
    isLocal: anyFlag,
  },
  { fileVersion: anyText },
);

export const previewFields = {
  runs: ids,
  mayRun: ids,
  restored: ids,
  kept: ids,
  seconds: orNull(anyNumber),
  peakBytes: orNull(anyNumber),
};

export const preview: Schema<PreviewView> = objectOf<PreviewView>(previewFields);

const run: Schema<RunView> = objectOf<RunView>({
  run: anyText,
  target: ids,
  upTo: anyCount,
  done: anyCount,
  by: anyText,
  since: anyNumber,
  isCancelling: anyFlag,
  waiting: anyCount,
});

export const summaryFields = {
  run: anyText,
  seconds: anyNumber,
  executed: ids,
  restored: ids,
  fresh: ids,
  failed: ids,
  blocked: ids,
  cancelled: ids,
};

const summary: Schema<RunSummary> = objectOf<RunSummary>(summaryFields);

const cache: Schema<CacheView> = objectOf<CacheView>({ bytes: anyCount, savedSeconds: anyNumber });

export const projectView: Schema<ProjectView> = objectOf<ProjectView>({
  version: constant(RESIDENT_VERSION),
  project: anyText,
  revision: anyCount,
  name: anyText,
  kernel: anyText,
  isReadOnly: anyFlag,
  prelude: orNull(anyText),
  edges: listOf(edge),
  preview,
  run: orNull(run),
  lastRun: orNull(summary),
  cache: orNull(cache),
  problems: listOf(problem),
  warnings: listOf(problem),
  undo: orNull(anyText),
  redo: orNull(anyText),
  blocks: listOf(block),
});
