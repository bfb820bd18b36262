/** What help and the reference say about commands beyond the table: whole sentences, and examples of every one. */
import type { Example } from './spec.js';
import type { CommandName } from './table.js';

export interface CommandText {
  readonly description?: string;
  readonly examples: readonly [Example, ...Example[]];
}

export const texts: Readonly<Record<CommandName, CommandText>> = {
  init: {
    description: 'Makes a project: a dag.json and the hidden folder for its cache.',
    examples: [{ call: 'init churn --kernel python3', does: 'a project in the folder churn' }],
  },
  split: {
    description:
      'Cuts a notebook into blocks with inferred edges and filters. The notebook itself stays as it is.',
    examples: [
      { call: 'split analysis.ipynb --dry-run', does: 'show what would become of it' },
      { call: 'split analysis.ipynb -o churn', does: 'a project in the folder churn' },
    ],
  },
  import: {
    description:
      'Makes a project of one of the original dagpy, or of a flow notebook. Its files stay, its cache is never loaded.',
    examples: [
      { call: 'import churn.dagpy --dry-run', does: 'show what would become of it' },
      { call: 'import churn.dagpy', does: 'a project beside it, with the same names in every block' },
    ],
  },
  add: {
    description: 'Adds a block: an empty one, or one made of cells of a notebook, which stays as it is.',
    examples: [
      { call: 'add report --parents model,plots', does: 'an empty block below two others' },
      { call: 'add load --from draft.ipynb --cells 1-4', does: 'a block of four cells' },
    ],
  },
  link: {
    examples: [{ call: 'link clean model --use df=frame', does: 'df of clean is frame in model' }],
  },
  unlink: {
    examples: [{ call: 'unlink clean model', does: 'model reads nothing of clean any more' }],
  },
  remove: {
    description:
      'Takes a block out of dag.json and links its children to its parents. Its notebook stays on disk.',
    examples: [{ call: 'remove draft', does: 'the children of draft build on its parents' }],
  },
  rename: {
    description:
      'Renames a block everywhere in dag.json, and its notebook if that is named after it. Its results are kept.',
    examples: [{ call: 'rename clean tidy', does: 'clean is called tidy, its results stay' }],
  },
  merge: {
    description:
      'Puts the cells of the second block into the first, which takes over its edges. Its notebook stays on disk.',
    examples: [{ call: 'merge load clean', does: 'load then also cleans' }],
  },
  'split-block': {
    description:
      'Cells from the given one on become a new block. Edges and filters follow from what the code reads.',
    examples: [{ call: 'split-block model 4 evaluate', does: 'cells 4 and later become evaluate' }],
  },
  filter: {
    description:
      'Sets what a block exports: auto (all that can be stored), off (its whole session) or names and globs.',
    examples: [{ call: "filter clean df 'stats_*'", does: 'df and what begins with stats_' }],
  },
  flow: {
    description:
      'Makes one notebook of a block and what it depends on. Bring edits of it back with dagpy submit.',
    examples: [{ call: 'flow model', does: 'model.flow.ipynb with model and what it needs' }],
  },
  submit: {
    description:
      'Merges edits of a flow into its blocks, cell by cell. A cell that both changed stays in the flow in both versions.',
    examples: [{ call: 'submit model.flow.ipynb', does: 'edited, moved and new cells go into the blocks' }],
  },
  status: {
    examples: [
      { call: 'status', does: 'which blocks are stale, and why' },
      { call: 'status --json', does: 'the same for a script' },
    ],
  },
  why: {
    examples: [{ call: 'why model', does: 'every reason for which model would run' }],
  },
  graph: {
    description: 'Draws the graph in the terminal, or into a file: a picture, or text for other tools.',
    examples: [
      { call: 'graph', does: 'in the terminal' },
      { call: 'graph -o graph.svg', does: 'a picture for light and dark pages' },
      { call: 'graph model -o model.png', does: 'what model builds on and what builds on it' },
      { call: 'graph --format mmd', does: 'Mermaid, for a Markdown page' },
    ],
  },
  run: {
    description: 'Runs blocks whose result can differ, restores the rest. Without a target: affected.',
    examples: [
      { call: 'run', does: 'what changed and what that affects' },
      { call: 'run model+ -j 4', does: 'model and everything below, four at a time' },
      { call: 'run --dry-run', does: 'what would run, and why' },
      { call: 'run all --check', does: 'exit with 1 where anything is stale or comes out different' },
      { call: 'run -p year=2023', does: 'with another value of a parameter' },
    ],
  },
  watch: {
    description:
      'Watches notebooks, data files and modules. Saving one in any editor runs what it affects, until Ctrl-C.',
    examples: [{ call: 'watch', does: 'keep every result fresh while you edit' }],
  },
  serve: {
    description:
      'Keeps workers warm for notebooks and terminals, and tells them what changes. A Jupyter server starts it by itself.',
    examples: [{ call: 'serve --root ~/work', does: 'serve every project below a folder' }],
  },
  exports: {
    examples: [{ call: 'exports clean', does: 'names, types and sizes of what clean hands on' }],
  },
  value: {
    description:
      'Prints a stored value. On a terminal frames and arrays take its width, and a figure becomes a file.',
    examples: [
      { call: 'value clean df', does: 'df as clean stored it' },
      { call: 'value clean df -o df.parquet', does: 'the same as a file' },
    ],
  },
  shell: {
    description:
      'Starts IPython in the kernel of the project with what the block read and made. Nothing in it changes the project.',
    examples: [{ call: 'shell model', does: 'look at what model made, and try things with it' }],
  },
  doctor: {
    description:
      'Looks at the program, the kernels, the project and its cache, and says what to do about what is wrong.',
    examples: [{ call: 'doctor', does: 'versions of every part, kernels, whether forking works, cache' }],
  },
  completion: {
    description:
      'Prints a script that lets Tab complete commands, flags and block ids. The examples say where it goes.',
    examples: [
      { call: 'completion bash >> ~/.bashrc', does: 'for bash' },
      { call: 'completion zsh >> ~/.zshrc', does: 'for zsh, after compinit' },
      { call: 'completion fish > ~/.config/fish/completions/dagpy.fish', does: 'for fish' },
    ],
  },
  'cache list': {
    description:
      'Sizes, how often stored results answered, and the time this saved; with an id, the versions of that block.',
    examples: [{ call: 'cache list model', does: 'earlier results of model, newest first' }],
  },
  'cache gc': {
    examples: [{ call: 'cache gc --all', does: 'also what was stored within the last hour' }],
  },
  'cache verify': {
    examples: [{ call: 'cache verify', does: 'after a crash or a doubtful disk' }],
  },
  'cache clear': {
    description: 'Forgets every stored result of this project. On a terminal it asks first.',
    examples: [{ call: 'cache clear', does: 'the next run starts from nothing' }],
  },
  'cache restore': {
    description:
      'Puts code, outputs and values of a block back to an earlier execution. Code that is stored nowhere is kept aside.',
    examples: [{ call: 'cache restore model 2', does: 'model as it was before its last change' }],
  },
};

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
