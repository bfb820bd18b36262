/** What the commands do, as the command line calls it: one handler each. Their names and flags stand in the table. */
import { commaList, type Call, type CallOf } from './commandLine/parse.js';
import type { CommandName } from './commandLine/table.js';

export interface RunOptions {
  readonly only?: boolean;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly check?: boolean;
  readonly jobs?: number;
  readonly parameter: readonly string[];
  readonly tag: readonly string[];
  readonly json?: boolean;
}

export interface SplitOptions {
  readonly output?: string;
  readonly by?: 'heading' | 'tag' | 'cell';
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export interface ImportOptions extends JsonOption {
  readonly output?: string;
  readonly dryRun?: boolean;
}

export interface AddOptions {
  readonly from?: string;
  readonly cells?: string;
  readonly parents?: readonly string[];
}

export interface JsonOption {
  readonly json?: boolean;
}

export interface ServeOptions extends JsonOption {
  readonly root?: string;
  readonly socket?: string;
  readonly withParent?: boolean;
}

export type GraphFormat = 'svg' | 'png' | 'mmd' | 'dot' | 'text';

export interface GraphOptions extends JsonOption {
  readonly output?: string;
  readonly format?: GraphFormat;
  readonly states?: boolean;
  readonly noStates?: boolean;
}

/** One handler a command; each resolves to the exit code. */
export interface Handlers {
  init(
    folder: string | undefined,
    options: { readonly name?: string; readonly kernel?: string },
  ): Promise<number>;
  split(notebook: string, options: SplitOptions): Promise<number>;
  importProject(file: string, options: ImportOptions): Promise<number>;
  add(id: string, options: AddOptions): Promise<number>;
  link(parent: string, child: string, options: { readonly use: readonly string[] }): Promise<number>;
  unlink(parent: string, child: string): Promise<number>;
  remove(id: string): Promise<number>;
  rename(id: string, to: string): Promise<number>;
  merge(id: string, other: string): Promise<number>;
  splitBlock(id: string, cell: string, name: string | undefined): Promise<number>;
  filter(id: string, names: readonly string[]): Promise<number>;
  flow(id: string, options: { readonly output?: string }): Promise<number>;
  submit(notebook: string, options: JsonOption): Promise<number>;
  status(options: JsonOption): Promise<number>;
  why(id: string, options: JsonOption): Promise<number>;
  graph(selectors: readonly string[], options: GraphOptions): Promise<number>;
  run(targets: readonly string[], options: RunOptions): Promise<number>;
  watch(options: { readonly jobs?: number; readonly parameter: readonly string[] }): Promise<number>;
  serve(options: ServeOptions): Promise<number>;
  exports(id: string, options: JsonOption): Promise<number>;
  value(id: string, name: string, options: { readonly output?: string }): Promise<number>;
  shell(id: string): Promise<number>;
  doctor(options: JsonOption): Promise<number>;
  completion(shell: string): Promise<number>;
  cacheList(id: string | undefined, options: JsonOption): Promise<number>;
  cacheRestore(id: string, version: string): Promise<number>;
  cacheCollect(options: JsonOption & { readonly all?: boolean }): Promise<number>;
  cacheVerify(options: JsonOption): Promise<number>;
  cacheClear(options: { readonly yes?: boolean }): Promise<number>;
}

/** Hands a call to its command; resolves to the exit code. */
export function perform(handlers: Handlers, call: Call): Promise<number> {
  // Which call belongs to which action is known for each name, and lost for all of them together.
  const action = actions[call.command] as (handlers: Handlers, call: Call) => Promise<number>;
  return action(handlers, call);
}

type Action<Name extends CommandName> = (handlers: Handlers, call: CallOf<Name>) => Promise<number>;

const actions: { readonly [Name in CommandName]: Action<Name> } = {
  init: (to, { arguments: [folder], options }) => to.init(folder, options),
  split: (to, { arguments: [notebook], options }) => to.split(notebook, options),
  import: (to, { arguments: [file], options }) => to.importProject(file, options),
  add: (to, { arguments: [id], options }) => to.add(id, options),
  link: (to, { arguments: [parent, child], options }) => to.link(parent, child, options),
  unlink: (to, { arguments: [parent, child] }) => to.unlink(parent, child),
  remove: (to, { arguments: [id] }) => to.remove(id),
  rename: (to, { arguments: [id, name] }) => to.rename(id, name),
  merge: (to, { arguments: [id, other] }) => to.merge(id, other),
  'split-block': (to, { arguments: [id, cell, name] }) => to.splitBlock(id, cell, name),
  filter: (to, { arguments: [id, names] }) => to.filter(id, names.flatMap(commaList)),
  flow: (to, { arguments: [id], options }) => to.flow(id, options),
  submit: (to, { arguments: [notebook], options }) => to.submit(notebook, options),
  status: (to, { options }) => to.status(options),
  why: (to, { arguments: [id], options }) => to.why(id, options),
  graph: (to, { arguments: [selectors], options }) => to.graph(selectors, options),
  run: (to, { arguments: [targets], options }) => to.run(targets, options),
  watch: (to, { options }) => to.watch(options),
  serve: (to, { options }) => to.serve(options),
  exports: (to, { arguments: [id], options }) => to.exports(id, options),
  value: (to, { arguments: [id, name], options }) => to.value(id, name, options),
  shell: (to, { arguments: [id] }) => to.shell(id),
  doctor: (to, { options }) => to.doctor(options),
  completion: (to, { arguments: [shell] }) => to.completion(shell),
  'cache list': (to, { arguments: [id], options }) => to.cacheList(id, options),
  'cache restore': (to, { arguments: [id, version] }) => to.cacheRestore(id, version),
  'cache gc': (to, { options }) => to.cacheCollect(options),
  'cache verify': (to, { options }) => to.cacheVerify(options),
  'cache clear': (to, { options }) => to.cacheClear(options),
};
