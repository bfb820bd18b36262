/**
 * Every command of `dagpy` as data. Parsing and help read it, and so can whatever else must know the commands; what
 * they do stands elsewhere, and so do the texts that only help needs.
 */
import type { CommandSpec, OptionSpec } from './spec.js';

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
    arguments: [
      { name: 'dir', takes: 'optional', summary: 'folder, made if it is not there (default: this one)' },
    ],
    options: {
      name: { kind: 'text', value: 'name', summary: 'name of the project (default: that of the folder)' },
      kernel: { kind: 'text', value: 'name', summary: 'kernelspec that runs the blocks (default: python3)' },
    },
  },
  split: {
    summary: 'turn a notebook into blocks',
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
  },
  import: {
    summary: 'take over a project of the original dagpy',
    arguments: [{ name: 'file', takes: 'one', summary: 'project file, or flow notebook (.ipynb)' }],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'dir',
        summary: 'folder for the project (default: that of the file)',
      },
      dryRun: { kind: 'flag', summary: 'show the blocks and what can not be taken over, write nothing' },
      json,
    },
  },
  add: {
    summary: 'add a block',
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
    arguments: [id],
    options: {},
  },
  rename: {
    summary: 'give a block another name',
    arguments: [id, { name: 'new-id', takes: 'one' }],
    options: {},
  },
  merge: {
    summary: 'make two blocks one',
    arguments: [id, { name: 'other', takes: 'one' }],
    options: {},
  },
  'split-block': {
    summary: 'make one block two',
    arguments: [
      id,
      { name: 'cell', takes: 'one', summary: 'first cell of the new block, counted from 1' },
      { name: 'new-id', takes: 'optional', summary: 'name of the new block (default: ID-2)' },
    ],
    options: {},
  },
  filter: {
    summary: 'choose what a block hands on',
    arguments: [id, { name: 'names', takes: 'some', summary: 'auto, off, or names: df,stats_*' }],
    options: {},
  },
  flow: {
    summary: 'a notebook of a block and its dependencies',
    arguments: [id],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'notebook',
        summary: 'file to write (default: ID.flow.ipynb in the project)',
      },
    },
  },
  submit: {
    summary: 'write a flow notebook back into its blocks',
    arguments: [{ name: 'notebook', takes: 'one' }],
    options: { json },
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
  },
  run: {
    summary: 'run what a change affects',
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
  },
  watch: {
    summary: 'run what is affected whenever something is saved',
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
  },
  serve: {
    summary: 'serve projects to notebooks and terminals until it is ended',
    arguments: [],
    options: {
      root: {
        kind: 'text',
        value: 'dir',
        summary: 'folder whose projects are served (default: that of the project, else this one)',
      },
      socket: { kind: 'text', value: 'path', summary: 'where to listen (default: in your runtime folder)' },
      withParent: { kind: 'flag', summary: 'end when standard input does' },
      json: { kind: 'flag', summary: 'print JSON lines alone: that it is ready, then how many runs are on' },
    },
  },
  exports: {
    summary: 'what a block hands on',
    arguments: [id],
    options: { json },
  },
  value: {
    summary: 'print one stored value',
    arguments: [id, { name: 'name', takes: 'one' }],
    options: {
      output: {
        kind: 'text',
        short: 'o',
        value: 'file',
        summary: 'write it there; the suffix says how (csv, parquet, npy, png, svg …)',
      },
    },
  },
  shell: {
    summary: 'an IPython session with the state of a block',
    arguments: [id],
    options: {},
  },
  doctor: {
    summary: 'look whether everything here is in order',
    arguments: [],
    options: { json },
  },
  completion: {
    summary: 'script that completes commands in a shell',
    arguments: [{ name: 'shell', takes: 'one', summary: 'bash, zsh or fish' }],
    options: {},
  },
  'cache list': {
    summary: 'stored results of every block, or the versions of one',
    arguments: [{ name: 'id', takes: 'optional', summary: 'a block, to list its versions' }],
    options: { json },
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
    options: { yes: { kind: 'flag', short: 'y', summary: 'without asking on a terminal' } },
  },
  'cache restore': {
    summary: 'bring back an earlier version of a block',
    arguments: [
      id,
      { name: 'version', takes: 'one', summary: 'its number in "cache list ID", 1 is the newest' },
    ],
    options: {},
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof commands;

/** Commands of two words: the first, with what it does when it stands alone. */
export const groups = {
  cache: { summary: 'look at the cache and clean it', otherwise: 'cache list' },
} as const satisfies Readonly<Record<string, { readonly summary: string; readonly otherwise: CommandName }>>;

export type GroupName = keyof typeof groups;

/** Commands of the original dagpy that are called otherwise here. */
// prettier-ignore
const formerNames = ['create', 'view', 'execute', 'exe', 'makeflow', 'mf', 'submitflow', 'sf', 'rm'] as const;

export type FormerName = (typeof formerNames)[number];

export const isFormer = (name: string): name is FormerName =>
  (formerNames as readonly string[]).includes(name);

export const commandNames = Object.keys(commands) as readonly CommandName[];
export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);
export const isGroup = (name: string): name is GroupName => Object.hasOwn(groups, name);

/** A command without the exact types of its own. */
export const specOf = (name: CommandName): CommandSpec => commands[name];
