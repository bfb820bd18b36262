/**
 * Every command of `dagpy` as data. Parsing and help read it, and so can whatever else must know the commands; what
 * they do stands elsewhere.
 */
import type { CommandSpec, Example, OptionSpec } from './spec.js';

const json = { kind: 'flag', summary: 'print one JSON document' } as const;
const id = { name: 'id', takes: 'one' } as const;

/** Understood before and after the name of a command. */
export const globalOptions = {
  directory: {
    kind: 'text',
    short: 'C',
    value: 'dir',
    summary: 'the project folder (default: the nearest one above with a dag.json)',
  },
  help: { kind: 'flag', short: 'h', summary: 'explain the command, or list the commands' },
  version: { kind: 'flag', short: 'V', summary: 'print the version' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export const commands = {
  init: {
    summary: 'start a project',
    description: 'Makes a project: a dag.json and the hidden folder for its cache.',
    arguments: [
      { name: 'dir', takes: 'optional', summary: 'folder, made if it is not there (default: this one)' },
    ],
    options: {
      name: { kind: 'text', value: 'name', summary: 'name of the project (default: that of the folder)' },
      kernel: { kind: 'text', value: 'name', summary: 'kernelspec that runs the blocks (default: python3)' },
    },
    examples: [{ call: 'init churn --kernel python3', does: 'a project in the folder churn' }],
  },
  split: {
    summary: 'turn a notebook into blocks',
    description:
      'Cuts a notebook into blocks with inferred edges and filters. The notebook itself stays as it is.',
    arguments: [{ name: 'notebook', takes: 'one' }],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'dir',
        summary: 'folder for the project (default: that of the notebook)',
      },
      by: {
        kind: 'choice',
        value: 'what',
        choices: ['heading', 'tag', 'cell'],
        summary: 'where to cut (default: at tags for it, else at headings)',
      },
      dryRun: { kind: 'flag', summary: 'show the blocks, write nothing' },
      json,
    },
    examples: [
      { call: 'split analysis.ipynb --dry-run', does: 'show what would become of it' },
      { call: 'split analysis.ipynb -o churn', does: 'a project in the folder churn' },
    ],
  },
  add: {
    summary: 'add a block',
    description: 'Adds a block: an empty one, or one made of cells of a notebook, which stays as it is.',
    arguments: [id],
    options: {
      from: { kind: 'text', value: 'notebook', summary: 'notebook to take cells from' },
      cells: {
        kind: 'text',
        value: 'range',
        summary: 'which of its cells, counted from 1: 3-7 or 2,5-6 (default: all)',
      },
      parents: { kind: 'list', value: 'ids', summary: 'blocks it builds on: a,b' },
    },
    examples: [
      { call: 'add report --parents model,plots', does: 'an empty block below two others' },
      { call: 'add load --from draft.ipynb --cells 1-4', does: 'a block of four cells' },
    ],
  },
  link: {
    summary: 'let a block read the exports of another',
    arguments: [
      { name: 'parent', takes: 'one' },
      { name: 'child', takes: 'one' },
    ],
    options: {
      use: {
        kind: 'repeated',
        value: 'theirs=mine',
        summary: 'pick a variable under another name (repeatable; picks only these)',
      },
    },
    examples: [{ call: 'link clean model --use df=frame', does: 'df of clean is frame in model' }],
  },
  unlink: {
    summary: 'take an edge away',
    arguments: [
      { name: 'parent', takes: 'one' },
      { name: 'child', takes: 'one' },
    ],
    options: {},
  },
  remove: {
    summary: 'take a block out of the project',
    description:
      'Takes a block out of dag.json and links its children to its parents. Its notebook stays on disk.',
    arguments: [id],
    options: {},
  },
  rename: {
    summary: 'give a block another name',
    description:
      'Renames a block everywhere in dag.json, and its notebook if that is named after it. Its results are kept.',
    arguments: [id, { name: 'new-id', takes: 'one' }],
    options: {},
    examples: [{ call: 'rename clean tidy', does: 'clean is called tidy, its results stay' }],
  },
  merge: {
    summary: 'make two blocks one',
    description:
      'Puts the cells of the second block into the first, which takes over its edges. Its notebook stays on disk.',
    arguments: [id, { name: 'other', takes: 'one' }],
    options: {},
    examples: [{ call: 'merge load clean', does: 'load then also cleans' }],
  },
  'split-block': {
    summary: 'make one block two',
    description:
      'Cells from the given one on become a new block. Edges and filters follow from what the code reads.',
    arguments: [
      id,
      { name: 'cell', takes: 'one', summary: 'first cell of the new block, counted from 1' },
      { name: 'new-id', takes: 'optional', summary: 'name of the new block (default: ID-2)' },
    ],
    options: {},
    examples: [{ call: 'split-block model 4 evaluate', does: 'cells 4 and later become evaluate' }],
  },
  filter: {
    summary: 'choose what a block hands on',
    description:
      'Sets what a block exports: auto (all that can be stored), off (its whole session) or names and globs.',
    arguments: [id, { name: 'names', takes: 'some', summary: 'auto, off, or names: df,stats_*' }],
    options: {},
    examples: [{ call: "filter clean df 'stats_*'", does: 'df and what begins with stats_' }],
  },
  flow: {
    summary: 'a notebook of a block and its dependencies',
    description:
      'Makes one notebook of a block and what it depends on. Bring edits of it back with dagpy submit.',
    arguments: [id],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'notebook',
        summary: 'file to write (default: ID.flow.ipynb in the project)',
      },
    },
    examples: [{ call: 'flow model', does: 'model.flow.ipynb with model and what it needs' }],
  },
  submit: {
    summary: 'write a flow notebook back into its blocks',
    description:
      'Merges edits of a flow into its blocks, cell by cell. A cell that both changed stays in the flow in both versions.',
    arguments: [{ name: 'notebook', takes: 'one' }],
    options: { json },
    examples: [{ call: 'submit model.flow.ipynb', does: 'edited, moved and new cells go into the blocks' }],
  },
  status: {
    summary: 'state of every block, with reasons',
    arguments: [],
    options: { json },
  },
  why: {
    summary: 'why a block would run, or why not',
    arguments: [id],
    options: { json },
  },
  graph: {
    summary: 'draw the blocks and their edges',
    description: 'Draws the graph in the terminal, or into a file: a picture, or text for other tools.',
    arguments: [
      {
        name: 'ids',
        takes: 'many',
        summary: 'these with all above and below; k+: and below, +k: and above',
      },
    ],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'file',
        summary: '.svg, .png, .mmd, .dot or .txt; - is stdout',
      },
      format: {
        kind: 'choice',
        value: 'format',
        choices: ['svg', 'png', 'mmd', 'dot', 'text'],
        summary: 'whatever the suffix; without -o: to stdout',
      },
      states: { kind: 'flag', summary: 'with state and reason of every block (the default)' },
      noStates: { kind: 'flag', summary: 'structure alone: reads dag.json and nothing else' },
      json,
    },
    examples: [
      { call: 'graph', does: 'in the terminal' },
      { call: 'graph -o graph.svg', does: 'a picture for light and dark pages' },
      { call: 'graph model -o model.png', does: 'what model builds on and what builds on it' },
      { call: 'graph --format mmd', does: 'Mermaid, for a Markdown page' },
    ],
  },
  run: {
    summary: 'run what a change affects',
    description: 'Runs blocks whose result can differ, restores the rest. Without a target: affected.',
    arguments: [
      {
        name: 'targets',
        takes: 'many',
        summary: 'affected, all, or block ids; also k+ (and below), +k (and above), (k)+, +(k)',
      },
    ],
    options: {
      only: { kind: 'flag', summary: 'these blocks alone, on the last stored values of their parents' },
      upstream: { kind: 'flag', summary: 'what they need, without themselves' },
      downstream: { kind: 'flag', summary: 'they and everything below' },
      force: { kind: 'flag', summary: 'run them even where a stored result answers' },
      dryRun: { kind: 'flag', summary: 'say what would run and why, how long it takes and how much memory' },
      check: { kind: 'flag', summary: 'run again, keep nothing, and compare with what is stored' },
      jobs: { kind: 'count', short: 'j', value: 'n', summary: 'blocks at a time (default: processor cores)' },
      parameter: {
        kind: 'repeated',
        short: 'p',
        value: 'k=v',
        summary: 'value of a project parameter for this run (repeatable)',
      },
      tag: { kind: 'repeated', value: 'k=v', summary: 'only blocks with this tag (repeatable)' },
      json: { kind: 'flag', summary: 'print one JSON document; progress goes to stderr' },
    },
    examples: [
      { call: 'run', does: 'what changed and what that affects' },
      { call: 'run model+ -j 4', does: 'model and everything below, four at a time' },
      { call: 'run --dry-run', does: 'what would run, and why' },
      { call: 'run all --check', does: 'exit with 1 where anything is stale or comes out different' },
      { call: 'run -p year=2023', does: 'with another value of a parameter' },
    ],
  },
  watch: {
    summary: 'run what is affected whenever something is saved',
    description:
      'Watches notebooks, data files and modules. Saving one in any editor runs what it affects, until Ctrl-C.',
    arguments: [],
    options: {
      jobs: { kind: 'count', short: 'j', value: 'n', summary: 'blocks at a time (default: processor cores)' },
      parameter: {
        kind: 'repeated',
        short: 'p',
        value: 'k=v',
        summary: 'value of a project parameter (repeatable)',
      },
    },
    examples: [{ call: 'watch', does: 'keep every result fresh while you edit' }],
  },
  exports: {
    summary: 'what a block hands on',
    arguments: [id],
    options: { json },
  },
  value: {
    summary: 'print one stored value',
    arguments: [id, { name: 'name', takes: 'one' }],
    options: {},
    examples: [{ call: 'value clean df', does: 'df as clean stored it' }],
  },
  doctor: {
    summary: 'look whether everything here is in order',
    description:
      'Looks at the program, the kernels, the project and its cache, and says what to do about what is wrong.',
    arguments: [],
    options: { json },
    examples: [{ call: 'doctor', does: 'versions of every part, kernels, whether forking works, cache' }],
  },
  completion: {
    summary: 'script that completes commands in a shell',
    description:
      'Prints a script that lets Tab complete commands, flags and block ids. The examples say where it goes.',
    arguments: [{ name: 'shell', takes: 'one', summary: 'bash, zsh or fish' }],
    options: {},
    examples: [
      { call: 'completion bash >> ~/.bashrc', does: 'for bash' },
      { call: 'completion zsh >> ~/.zshrc', does: 'for zsh, after compinit' },
      { call: 'completion fish > ~/.config/fish/completions/dagpy.fish', does: 'for fish' },
    ],
  },
  'cache list': {
    summary: 'stored results of every block, or the versions of one',
    description:
      'Sizes, how often stored results answered, and the time this saved; with an id, the versions of that block.',
    arguments: [{ name: 'id', takes: 'optional', summary: 'a block, to list its versions' }],
    options: { json },
    examples: [{ call: 'cache list model', does: 'earlier results of model, newest first' }],
  },
  'cache gc': {
    summary: 'delete objects that no stored result names',
    arguments: [],
    options: { all: { kind: 'flag', summary: 'without the hour of grace' }, json },
  },
  'cache verify': {
    summary: 'digest every stored object, put broken ones aside',
    arguments: [],
    options: { json },
  },
  'cache clear': {
    summary: 'forget every stored result of this project',
    arguments: [],
    options: {},
  },
  'cache restore': {
    summary: 'bring back an earlier version of a block',
    description:
      'Puts code, outputs and values of a block back to an earlier execution. Code that is stored nowhere is kept aside.',
    arguments: [
      id,
      { name: 'version', takes: 'one', summary: 'its number in "cache list ID", 1 is the newest' },
    ],
    options: {},
    examples: [{ call: 'cache restore model 2', does: 'model as it was before its last change' }],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof commands;

/** Commands of two words: the first, with what it does when it stands alone. */
export const groups = {
  cache: { summary: 'look at the cache and clean it', otherwise: 'cache list' },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly otherwise: CommandName }>>;

export type GroupName = keyof typeof groups;

export const commandNames = Object.keys(commands) as readonly CommandName[];
export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);
export const isGroup = (name: string): name is GroupName => Object.hasOwn(groups, name);

/** A command without the exact types of its own. */
export const specOf = (name: CommandName): CommandSpec => commands[name];

export const about = 'Notebooks as blocks of one DAG: change anything, re-run exactly what it affects.';

export const examples: readonly Example[] = [
  { call: 'split analysis.ipynb', does: 'cut a notebook into linked blocks' },
  { call: 'run', does: 'run what changed and what that affects' },
  { call: 'run model+ -j 4', does: 'model and everything below, four at a time' },
  { call: 'why model', does: 'why a block would run' },
  { call: 'value clean df', does: 'print a stored value' },
];

export const exitCodes = [
  { code: 0, means: 'good' },
  { code: 1, means: 'a block failed' },
  { code: 2, means: 'the project or the call is wrong' },
  { code: 130, means: 'interrupted' },
] as const;
