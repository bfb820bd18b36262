/** The command line as people type it: names, flags and help. What the commands do is handed in. */
import { Command, InvalidArgumentError, Option } from 'commander';

export interface RunOptions {
  readonly only?: boolean;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
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

export interface AddOptions {
  readonly from?: string;
  readonly cells?: string;
  readonly parents?: readonly string[];
}

export interface JsonOption {
  readonly json?: boolean;
}

/** One handler a command; each resolves to the exit code. */
export interface Handlers {
  init(folder: string | undefined, options: { readonly name?: string; readonly kernel?: string }): Promise<number>;
  split(notebook: string, options: SplitOptions): Promise<number>;
  add(id: string, options: AddOptions): Promise<number>;
  link(parent: string, child: string, options: { readonly use: readonly string[] }): Promise<number>;
  unlink(parent: string, child: string): Promise<number>;
  remove(id: string): Promise<number>;
  filter(id: string, names: readonly string[]): Promise<number>;
  status(options: JsonOption): Promise<number>;
  why(id: string, options: JsonOption): Promise<number>;
  run(targets: readonly string[], options: RunOptions): Promise<number>;
  exports(id: string, options: JsonOption): Promise<number>;
  value(id: string, name: string): Promise<number>;
  cacheList(options: JsonOption): Promise<number>;
  cacheCollect(options: JsonOption & { readonly all?: boolean }): Promise<number>;
  cacheVerify(options: JsonOption): Promise<number>;
  cacheClear(): Promise<number>;
}

export interface Invocation {
  /** `-C`: where to look for the project; absent: the current folder. */
  readonly directory: string | undefined;
}

const commaList = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

function positive(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('a whole number from 1 is needed.');
  return count;
}

/** Builds the program; `connect` is called once a command was chosen, `finish` with its exit code. */
export function createProgram(version: string, connect: (invocation: Invocation) => Handlers, finish: (code: number) => void): Command {
  const program = new Command('dagpy');
  const handlers = (): Handlers => connect({ directory: program.opts<{ directory?: string }>().directory });
  const end = async (code: Promise<number>): Promise<void> => finish(await code);

  program
    .description('Notebooks as blocks of one DAG: change anything, re-run exactly what it affects.')
    .version(version)
    .option('-C, --directory <dir>', 'the project folder (default: the nearest one above with a dag.json)')
    .showHelpAfterError('(dagpy --help lists the commands)')
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText('after', EXAMPLES);

  program
    .command('init')
    .summary('start a project')
    .description('Makes a project: a dag.json and the hidden folder for its cache.')
    .argument('[dir]', 'folder, made if it is not there', '.')
    .option('--name <name>', 'name of the project (default: that of the folder)')
    .option('--kernel <name>', 'kernelspec that runs the blocks', 'python3')
    .action((folder: string, options: { name?: string; kernel?: string }) => end(handlers().init(folder, options)));

  program
    .command('split')
    .summary('turn a notebook into blocks')
    .description('Cuts a notebook into blocks with inferred edges and filters. The notebook itself stays as it is.')
    .argument('<notebook>')
    .option('-o, --output <dir>', 'folder for the project (default: that of the notebook)')
    .addOption(new Option('--by <what>', 'where to cut').choices(['heading', 'tag', 'cell']))
    .option('--dry-run', 'show the blocks, write nothing')
    .option('--json', 'print one JSON document')
    .action((notebook: string, options: SplitOptions) => end(handlers().split(notebook, options)));

  program
    .command('add')
    .summary('add a block')
    .description('Adds a block: an empty one, or one made of cells of a notebook, which stays as it is.')
    .argument('<id>')
    .option('--from <notebook>', 'notebook to take cells from')
    .option('--cells <range>', 'which of its cells, counted from 1: 3-7 or 2,5-6 (default: all)')
    .option('--parents <ids>', 'blocks it builds on: a,b', commaList)
    .action((id: string, options: AddOptions) => end(handlers().add(id, options)));

  program
    .command('link')
    .summary('let a block read the exports of another')
    .argument('<parent>')
    .argument('<child>')
    .option('--use <theirs=mine>', 'pick a variable under another name (repeatable; picks only these)', collect, [])
    .action((parent: string, child: string, options: { use: readonly string[] }) => end(handlers().link(parent, child, options)));

  program
    .command('unlink')
    .summary('take an edge away')
    .argument('<parent>')
    .argument('<child>')
    .action((parent: string, child: string) => end(handlers().unlink(parent, child)));

  program
    .command('remove')
    .summary('take a block out of the project')
    .description('Takes a block out of dag.json and links its children to its parents. Its notebook stays on disk.')
    .argument('<id>')
    .action((id: string) => end(handlers().remove(id)));

  program
    .command('filter')
    .summary('choose what a block hands on')
    .description('Sets what a block exports: auto (all that can be stored), off (its whole session) or names and globs.')
    .argument('<id>')
    .argument('<names...>', 'auto, off, or names: df,stats_*')
    .action((id: string, names: readonly string[]) => end(handlers().filter(id, names.flatMap(commaList))));

  program
    .command('status')
    .summary('state of every block, with reasons')
    .option('--json', 'print one JSON document')
    .action((options: JsonOption) => end(handlers().status(options)));

  program
    .command('why')
    .summary('why a block would run, or why not')
    .argument('<id>')
    .option('--json', 'print one JSON document')
    .action((id: string, options: JsonOption) => end(handlers().why(id, options)));

  program
    .command('run')
    .summary('run what a change affects')
    .description('Runs blocks whose result can differ, restores the rest. Without a target: affected.')
    .argument('[targets...]', 'affected, all, or block ids; also k+ (and below), +k (and above), (k)+, +(k)')
    .option('--only', 'these blocks alone, on the last stored values of their parents')
    .option('--upstream', 'what they need, without themselves')
    .option('--downstream', 'they and everything below')
    .option('--force', 'run them even where a stored result answers')
    .option('--dry-run', 'say what would run and why')
    .option('-j, --jobs <n>', 'blocks at a time (default: processor cores)', positive)
    .option('-p, --parameter <k=v>', 'value of a project parameter for this run (repeatable)', collect, [])
    .option('--tag <k=v>', 'only blocks with this tag (repeatable)', collect, [])
    .option('--json', 'print one JSON document; progress goes to stderr')
    .action((targets: readonly string[], options: RunOptions) => end(handlers().run(targets, options)));

  program
    .command('exports')
    .summary('what a block hands on')
    .argument('<id>')
    .option('--json', 'print one JSON document')
    .action((id: string, options: JsonOption) => end(handlers().exports(id, options)));

  program
    .command('value')
    .summary('print one stored value')
    .argument('<id>')
    .argument('<name>')
    .action((id: string, name: string) => end(handlers().value(id, name)));

  const cache = program.command('cache').summary('look at the cache and clean it');
  cache
    .command('list', { isDefault: true })
    .summary('stored results of every block')
    .option('--json', 'print one JSON document')
    .action((options: JsonOption) => end(handlers().cacheList(options)));
  cache
    .command('gc')
    .summary('delete objects that no stored result names')
    .option('--all', 'without the hour of grace')
    .option('--json', 'print one JSON document')
    .action((options: JsonOption & { all?: boolean }) => end(handlers().cacheCollect(options)));
  cache
    .command('verify')
    .summary('digest every stored object, put broken ones aside')
    .option('--json', 'print one JSON document')
    .action((options: JsonOption) => end(handlers().cacheVerify(options)));
  cache
    .command('clear')
    .summary('forget every stored result of this project')
    .action(() => end(handlers().cacheClear()));

  return program;
}

const EXAMPLES = `
Examples:
  dagpy split analysis.ipynb     cut a notebook into linked blocks
  dagpy run                      run what changed and what that affects
  dagpy run model+ -j 4          model and everything below, four at a time
  dagpy why model                why a block would run
  dagpy value clean df           print a stored value

Exit codes: 0 good · 1 a block failed · 2 the project or the call is wrong · 130 interrupted`;
