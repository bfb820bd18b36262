/**
 * Every call with what goes in, what comes out and what it does: decoders and the OpenAPI description both come from
 * here. The compiler holds it against `Calls`.
 */
import {
  anyCount,
  anyFlag,
  anyJson,
  anyNumber,
  anyObject,
  anyText,
  choice,
  constant,
  listOf,
  objectOf,
  orNull,
  recordOf,
  type Schema,
  told,
  variantOf,
} from './schema.js';
import type {
  AdoptCode,
  CallName,
  CallParameters,
  CallResult,
  ConflictView,
  Hello,
  InProject,
  KernelCode,
  MergeAnswer,
  NewBlock,
  NotebookMerge,
  PlannedView,
  PreviewAnswer,
  RunListed,
  RunParameters,
  SplitAnswer,
  SplitParameters,
  Suggestion,
  TargetView,
} from './calls.js';
import {
  crossing,
  filter,
  parent,
  previewFields,
  problem,
  projectView,
  reason,
  summaryFields,
} from './viewSchemas.js';

export interface CallSpec<Name extends CallName> {
  readonly description: string;
  readonly parameters: Schema<CallParameters<Name>>;
  readonly result: Schema<CallResult<Name>>;
}

type Parameters<Name extends CallName> = CallParameters<Name>;

const project = told(
  anyText,
  'Folder of the project, relative to the root with "/"; empty: the root itself.',
);
const block = told(anyText, 'Id of a block.');
const ids = listOf(anyText);
const nothing = objectOf<object>({});
export const inProject = objectOf<InProject>({ project });

const target: Schema<TargetView> = variantOf<'kind', TargetView>('kind', {
  affected: objectOf<Extract<TargetView, { kind: 'affected' }>>({ kind: constant('affected') }),
  all: objectOf<Extract<TargetView, { kind: 'all' }>>({ kind: constant('all') }),
  ids: objectOf<Extract<TargetView, { kind: 'ids' }>>({
    kind: constant('ids'),
    selectors: ids,
    reach: choice('needs', 'only', 'upstream', 'downstream'),
  }),
});

const planned = objectOf<PlannedView>({ block: anyText, reasons: listOf(reason), replays: ids });

const conflict = objectOf<ConflictView>({
  block: anyText,
  cell: anyCount,
  about: choice('cell', 'name', 'filter'),
});

const runFields = {
  force: told(anyFlag, 'Runs the target although stored results answer.'),
  jobs: told(anyCount, 'Blocks at a time; absent: as many as there are cores.'),
  parameters: told(recordOf(anyJson), 'Values of project parameters for this run.'),
  environment: told(recordOf(anyText), 'Whole environment of who asks; absent: that of the daemon.'),
  by: told(anyText, 'Who asks, in words.'),
};

/** What a terminal asks: it is told everything that happens. */
export interface ToldRun extends RunParameters {
  /** Digest of its call: that it had nothing to do is kept under it. */
  readonly asked?: string;
}

export const toldRun: Schema<ToldRun> = objectOf<ToldRun>(
  { project, target },
  { ...runFields, asked: told(anyText, 'Digest of the call, under which its answer is kept.') },
);

export const callTable: { readonly [Name in CallName]: CallSpec<Name> } = {
  hello: {
    description: 'Who answers.',
    parameters: nothing,
    result: objectOf<Hello>({ version: anyCount, program: anyText, pid: anyCount, root: anyText }),
  },
  locate: {
    description: 'The project that a file belongs to: that of the nearest dag.json in or above its folder.',
    parameters: objectOf<Parameters<'locate'>>({ path: anyText }),
    result: objectOf<CallResult<'locate'>>({ project: orNull(anyText) }),
  },
  createProject: {
    description: 'Makes an empty project in a folder, which is made where it is not there.',
    parameters: objectOf<Parameters<'createProject'>>(
      { folder: anyText },
      { name: anyText, kernel: anyText },
    ),
    result: inProject,
  },
  view: {
    description: 'Everything that is known of a project, looked at now.',
    parameters: inProject,
    result: projectView,
  },
  run: {
    description:
      'Runs blocks. Answered when the run has begun, which waits for one that is on; it goes on when the caller leaves.',
    parameters: objectOf<RunParameters>({ project, target }, runFields),
    result: objectOf<CallResult<'run'>>({ run: anyText }),
  },
  cancel: {
    description: 'Interrupts the run that is on, or takes back one that waits. Without one, does nothing.',
    parameters: objectOf<Parameters<'cancel'>>({ project }, { run: anyText }),
    result: nothing,
  },
  preview: {
    description: 'What a run would do and why, without doing it.',
    parameters: objectOf<Parameters<'preview'>>({ project, target }, { force: anyFlag }),
    result: objectOf<PreviewAnswer>({ ...previewFields, planned: listOf(planned), notes: ids }),
  },
  addBlock: {
    description: 'Writes a notebook of these sources and makes a block of it.',
    parameters: objectOf<NewBlock>(
      {
        project,
        id: anyText,
        sources: ids,
        parents: told(orNull(listOf(parent)), 'null: found from the code.'),
        filter,
      },
      { after: block },
    ),
    result: objectOf<CallResult<'addBlock'>>({ block: anyText, notebook: anyText }),
  },
  splitBlock: {
    description:
      'Moves cells of a block into a new one beside it. Blocks that read what they make are linked to it.',
    parameters: objectOf<Parameters<'splitBlock'>>({
      project,
      block,
      cells: told(
        listOf(objectOf<Parameters<'splitBlock'>['cells'][number]>({ place: anyCount, source: anyText })),
        'Places from 1 in its notebook, with the text that each holds there.',
      ),
      id: anyText,
      parents: told(orNull(listOf(parent)), 'null: found from the code.'),
      filter,
    }),
    result: objectOf<CallResult<'splitBlock'>>({ block: anyText, notebook: anyText }),
  },
  renameBlock: {
    description:
      'Another id for a block, and for its notebook where that is named after it. Results are kept.',
    parameters: objectOf<Parameters<'renameBlock'>>({ project, block, to: anyText }),
    result: nothing,
  },
  removeBlock: {
    description:
      'Takes a block out of the project; its children build on its parents. Its notebook stays on disk.',
    parameters: objectOf<Parameters<'removeBlock'>>({ project, block }),
    result: nothing,
  },
  reorderBlocks: {
    description: 'A new order of all blocks.',
    parameters: objectOf<Parameters<'reorderBlocks'>>({ project, order: ids }),
    result: nothing,
  },
  link: {
    description:
      'Lets a block read what another hands on; an edge that is there is replaced. A cycle is refused.',
    parameters: objectOf<Parameters<'link'>>(
      { project, parent: block, child: block },
      { use: told(recordOf(anyText), 'Name of the parent to name of the child; absent: every name.') },
    ),
    result: nothing,
  },
  unlink: {
    description: 'Takes an edge away.',
    parameters: objectOf<Parameters<'unlink'>>({ project, parent: block, child: block }),
    result: nothing,
  },
  setFilter: {
    description: 'Chooses what a block hands on.',
    parameters: objectOf<Parameters<'setFilter'>>({ project, block, filter }),
    result: nothing,
  },
  undo: {
    description: 'Takes the last edit of the project back. Refused where its files were changed since.',
    parameters: inProject,
    result: nothing,
  },
  redo: { description: 'Does again what was undone last.', parameters: inProject, result: nothing },
  suggest: {
    description: 'What a new block of this code would be: its name, its parents, what it makes.',
    parameters: objectOf<Parameters<'suggest'>>({ project, sources: ids }, { after: block }),
    result: objectOf<Suggestion>({
      name: anyText,
      parents: listOf(
        objectOf<Suggestion['parents'][number]>({ block: anyText, variables: listOf(crossing) }),
      ),
      makes: listOf(objectOf<Suggestion['makes'][number]>({ name: anyText, type: orNull(anyText) })),
      missing: ids,
    }),
  },
  value: {
    description: 'The repr of a stored value.',
    parameters: objectOf<Parameters<'value'>>({ project, block, name: anyText }),
    result: objectOf<CallResult<'value'>>({ text: anyText }),
  },
  split: {
    description: 'Turns a notebook into blocks, or shows what would become of it.',
    parameters: objectOf<SplitParameters>(
      { folder: anyText, path: anyText },
      { content: anyObject, by: choice('heading', 'tag', 'cell'), apply: anyFlag },
    ),
    result: objectOf<SplitAnswer>(
      {
        project: anyText,
        by: choice('heading', 'tag', 'cell'),
        blocks: listOf(
          objectOf<SplitAnswer['blocks'][number]>({
            id: anyText,
            cells: listOf(anyCount),
            parents: ids,
            filter,
            isPrelude: anyFlag,
          }),
        ),
        warnings: listOf(problem),
      },
      { content: anyObject },
    ),
  },
  composeFlow: {
    description: 'A notebook of blocks and whatever they need. Nothing is written.',
    parameters: objectOf<Parameters<'composeFlow'>>({ project, blocks: ids }),
    result: objectOf<CallResult<'composeFlow'>>({ content: anyObject }),
  },
  mergeFlow: {
    description:
      'Merges a flow notebook with its blocks and writes the blocks; the flow itself is not written.',
    parameters: objectOf<Parameters<'mergeFlow'>>(
      { project, path: anyText, content: anyObject },
      {
        isUnsaved: told(
          anyFlag,
          'Only what the blocks have by now comes in; edits of the flow wait for the next call.',
        ),
        saved: told(
          listOf(anyObject),
          'Notebooks of the cells that were edited since the flow was saved, as they were at each save; a block that has one of these from another page is not disputed.',
        ),
      },
    ),
    result: objectOf<MergeAnswer>({
      content: anyObject,
      isTrusted: anyFlag,
      conflicts: listOf(conflict),
      changed: ids,
      added: ids,
      renamed: listOf(objectOf<MergeAnswer['renamed'][number]>({ from: anyText, to: anyText })),
      left: ids,
    }),
  },
  mergeNotebook: {
    description:
      'Brings what changed in the file of a block into its notebook as it is in an editor. Nothing is written.',
    parameters: objectOf<Parameters<'mergeNotebook'>>({
      project,
      path: anyText,
      base: told(anyObject, 'As it was loaded or saved last.'),
      content: anyObject,
    }),
    result: objectOf<NotebookMerge>({
      content: anyObject,
      base: anyObject,
      isTrusted: anyFlag,
      conflicts: listOf(conflict),
    }),
  },
  adoptCode: {
    description: 'Code that has a kernel store what it computed for a block.',
    parameters: objectOf<Parameters<'adoptCode'>>({ project, block }),
    result: objectOf<AdoptCode>({ code: anyText, ticket: anyText }),
  },
  adopt: {
    description: 'Takes what a kernel stored as the values of a block until a run has made them.',
    parameters: objectOf<Parameters<'adopt'>>({
      project,
      block,
      ticket: anyText,
      made: told(anyObject, 'What the kernel reports.'),
    }),
    result: objectOf<CallResult<'adopt'>>({ variables: ids, bytes: anyCount }),
  },
  kernelCode: {
    description:
      'Code that gives a kernel the values that a block is given (inputs), or also those it made (state).',
    parameters: objectOf<Parameters<'kernelCode'>>({ project, block, what: choice('inputs', 'state') }),
    result: objectOf<KernelCode>({
      code: anyText,
      variables: ids,
      bytes: anyCount,
      version: anyText,
      notes: ids,
    }),
  },
  runs: {
    description: 'Runs of the project that are remembered, the newest first.',
    parameters: inProject,
    result: objectOf<CallResult<'runs'>>({
      runs: listOf(objectOf<RunListed>({ ...summaryFields, began: anyNumber, target: ids })),
    }),
  },
  collectCache: {
    description: 'Deletes stored objects that no result names.',
    parameters: inProject,
    result: objectOf<CallResult<'collectCache'>>({ freedBytes: anyCount }),
  },
};

export const callNames = Object.keys(callTable) as readonly CallName[];
export const isCall = (name: string): name is CallName => Object.hasOwn(callTable, name);
