/** Jupyter kernels as the worker pool needs them: an interpreter with options and environment, found without Python. */
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, isAbsolute, join } from 'node:path';
import { formatJson } from '../protocol/jsonFormat.js';
import { failure, success, type Problem, type Result } from '../protocol/problem.js';
import { jupyterPath, type Environment } from './jupyterPaths.js';
import { pythonFacts, type PythonFacts } from './kernelFacts.js';
import { isObject } from './notebooks/outputs.js';

const NATIVE = 'python3';

export interface Kernel {
  readonly name: string;
  readonly displayName: string;
  /** The kernelspec's `kernel.json`; `null`: DAGpy's own Python, which needs none. */
  readonly specFile: string | null;
  /** Absolute path of the interpreter, links not followed (a virtual environment's would lead out of it). */
  readonly python: string;
  /** Options of Python itself that go before the program. */
  readonly flags: readonly string[];
  /** What the kernelspec adds to the environment, `${NAME}` replaced. */
  readonly env: Readonly<Record<string, string>>;
  readonly facts: PythonFacts;
  /** Digest this for `ProjectSnapshot.environment`: Python, platform, IPython and kernelspec; no machine paths of ours. */
  readonly environment: string;
}

export interface KernelOptions {
  readonly env: Environment;
  /** Python of DAGpy's own environment, absolute. */
  readonly python: string;
  /** The user's cache folder for DAGpy. */
  readonly cacheFolder: string;
  digest(text: string): string;
}

/** Kernel names to the folders of their kernelspecs, as `jupyter kernelspec list` has them. */
export function listKernelspecs({
  env,
  python,
}: Pick<KernelOptions, 'env' | 'python'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const ipython = env['IPYTHONDIR'] ?? join(env['HOME'] ?? homedir(), '.ipython');
  for (const folder of [...jupyterPath(env, python), ipython].map(path => join(path, 'kernels'))) {
    for (const name of namesIn(folder)) {
      const lower = name.toLowerCase();
      if (!/^[a-z0-9._-]+$/.test(lower) || found.has(lower) || !existsSync(join(folder, name, 'kernel.json')))
        continue;
      found.set(lower, join(folder, name));
    }
  }
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

interface Kernelspec {
  readonly file: string | null;
  readonly argv: readonly string[];
  readonly displayName: string;
  readonly language: string;
  readonly env: Readonly<Record<string, string>>;
  readonly provisioner: string;
  readonly folder: string;
}

/** Finds a kernel and makes sure that blocks can run in it. */
export async function findKernel(name: string, options: KernelOptions): Promise<Result<Kernel>> {
  const specs = listKernelspecs(options);
  const folder = specs.get(name.toLowerCase());
  if (folder === undefined && name.toLowerCase() !== NATIVE) {
    const known = [...new Set([...specs.keys(), NATIVE])].sort().join(', ');
    return failure({
      code: 'kernel-unknown',
      message: `there is no kernel ${JSON.stringify(name)}`,
      remedy: `set "kernel" in dag.json to one of: ${known}; or register it: python -m ipykernel install --user --name ${JSON.stringify(name)}`,
    });
  }
  const read = folder === undefined ? success(nativeSpec()) : readSpec(folder, name);
  if (!read.ok) return read;
  const spec = read.value;
  const launch = launchOf(spec, name, options);
  if (!launch.ok) return launch;
  const { python, flags } = launch.value;
  const env = substitute(spec.env, options.env);
  const facts = await pythonFacts({ python, flags, env: { ...options.env, ...env } }, options);
  if (!facts.ok) return failure(...facts.problems.map(problem => withFile(problem, spec.file)));
  if (facts.value.ipykernel === null) {
    const message = `the Python of kernel ${JSON.stringify(name)} has no ipykernel: ${python}`;
    return failure(
      withFile(
        {
          code: 'kernel-without-ipykernel',
          message,
          remedy: `${shellWord(python)} -m pip install ipykernel`,
        },
        spec.file,
      ),
    );
  }
  const [major, minor] = facts.value.version.split('.').map(Number);
  if (major !== 3 || (minor ?? 0) < 10) {
    const message = `the kernel ${JSON.stringify(name)} has Python ${facts.value.version}; blocks need 3.10 or newer`;
    return failure(
      withFile(
        { code: 'kernel-old-python', message, remedy: 'choose a kernel with a newer Python' },
        spec.file,
      ),
    );
  }
  return success({
    name: name.toLowerCase(),
    displayName: spec.displayName,
    specFile: spec.file,
    python,
    flags,
    env,
    facts: facts.value,
    environment: environmentText(facts.value, flags, spec.env, { ...options.env, ...env }),
  });
}

const withFile = (problem: Problem, file: string | null): Problem =>
  file === null ? problem : { ...problem, file };
const shellWord = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Variables that the interpreter or the C library reads without `os.environ` being asked. They say where modules are
 * found, whether assertions hold, how text is decoded and what the local time is.
 */
const READ_AT_START =
  /^(TZ|PYTHON(PATH|HOME|OPTIMIZE|UTF8|IOENCODING|WARNINGS|SAFEPATH|NOUSERSITE|USERBASE|PLATLIBDIR|INTMAXSTRDIGITS|DEVMODE|COERCECLOCALE|CASEOK|WARNDEFAULTENCODING|NODEBUGRANGES|_GIL))$/;

/**
 * The kernelspec's own text counts, not what `${PATH}` happens to be in this terminal.
 * @param started the environment that Python starts in
 */
function environmentText(
  facts: PythonFacts,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
  started: Environment,
): string {
  const { version, implementation, platform, ipython, ipykernel } = facts;
  // How Python's own modules are loaded changes no result, and ipykernel's kernelspecs have it or not by version.
  const counting = flags.filter(flag => !flag.startsWith('-Xfrozen_modules'));
  const atStart = Object.entries(started)
    .filter(([name, value]) => READ_AT_START.test(name) && value !== undefined && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return formatJson(
    // Left out where none is set, as on most machines.
    {
      version,
      implementation,
      platform,
      ipython,
      ipykernel,
      flags: counting,
      env,
      ...(atStart.length > 0 ? { atStart: Object.fromEntries(atStart) as Record<string, string> } : {}),
    },
    { newline: '\n', unit: null },
  );
}

/** What ipykernel itself offers where nobody registered a kernel. */
function nativeSpec(): Kernelspec {
  return {
    file: null,
    argv: ['python', '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
    displayName: 'Python 3 (ipykernel)',
    language: 'python',
    env: {},
    provisioner: '',
    folder: '',
  };
}

function readSpec(folder: string, name: string): Result<Kernelspec> {
  const file = join(folder, 'kernel.json');
  const broken = (why: string) =>
    failure({
      code: 'kernel-invalid-spec',
      message: `the kernelspec of ${JSON.stringify(name)} can not be used: ${why}`,
      file,
      remedy: `register the kernel again: python -m ipykernel install --user --name ${JSON.stringify(name)}`,
    });
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return broken(error instanceof Error ? error.message : 'it is not JSON');
  }
  if (!isObject(raw)) return broken('it is not an object');
  const { argv, display_name: displayName, language, env, metadata } = raw;
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every(word => typeof word === 'string'))
    return broken('argv is not a list of strings');
  const provisioner =
    isObject(metadata) && isObject(metadata['kernel_provisioner'])
      ? metadata['kernel_provisioner']['provisioner_name']
      : '';
  const variables = isObject(env)
    ? Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    : [];
  return success({
    file,
    argv: argv as readonly string[],
    displayName: typeof displayName === 'string' ? displayName : name,
    language: typeof language === 'string' ? language.toLowerCase() : '',
    env: Object.fromEntries(variables),
    provisioner: typeof provisioner === 'string' ? provisioner : '',
    folder,
  });
}

/** Options of Python that take their value as the next word. */
const FLAGS_WITH_VALUE = new Set(['-W', '-X']);
/** Options of ipykernel that change nothing about results. */
const HARMLESS = /^(--debug|--quiet|--log-level=\w+|--Session\.\w+=.*|--no-secure)$/;

function launchOf(
  spec: Kernelspec,
  name: string,
  options: KernelOptions,
): Result<{ readonly python: string; readonly flags: readonly string[] }> {
  const refuse = (why: string) =>
    failure(
      withFile(
        {
          code: 'kernel-not-plain-python',
          message: `the kernel ${JSON.stringify(name)} ${why}, so blocks can not run in it yet`,
          remedy:
            'choose a kernel that starts Python with "-m ipykernel_launcher"; in the environment you want: python -m ipykernel install --user --name NAME',
        },
        spec.file,
      ),
    );
  if (spec.provisioner !== '' && spec.provisioner !== 'local-provisioner')
    return refuse(`is started by ${JSON.stringify(spec.provisioner)}`);
  const isPython = (word: string) =>
    /^(python|pypy)w?[\d.]*t?(\.exe)?$/i.test(basename(word.replaceAll('\\', '/')));
  const command = fill(spec.argv[0] as string, spec, options);
  if (!isPython(command)) {
    const other =
      spec.language !== '' && spec.language !== 'python'
        ? `runs ${spec.language}`
        : `is started through ${JSON.stringify(command)}`;
    return refuse(other);
  }
  let at = 1;
  const flags: string[] = [];
  for (
    ;
    at < spec.argv.length &&
    /^-[A-Za-z]/.test(spec.argv[at] as string) &&
    spec.argv[at] !== '-m' &&
    spec.argv[at] !== '-c';
    at++
  ) {
    flags.push(fill(spec.argv[at] as string, spec, options));
    if (FLAGS_WITH_VALUE.has(spec.argv[at] as string)) flags.push(fill(spec.argv[++at] ?? '', spec, options));
  }
  const program =
    spec.argv[at] === '-m'
      ? spec.argv[++at]
      : spec.argv[at]?.endsWith('ipykernel_launcher.py')
        ? 'ipykernel_launcher'
        : undefined;
  if (program !== 'ipykernel_launcher' && program !== 'ipykernel') {
    return refuse(
      `starts ${program === undefined ? 'a program of its own' : JSON.stringify(program)} instead of ipykernel`,
    );
  }
  const rest = spec.argv
    .slice(at + 1)
    .filter((word, index, all) => word !== '-f' && !(all[index - 1] === '-f') && !HARMLESS.test(word));
  if (rest.length > 0) return refuse(`gives ipykernel options of its own (${rest.join(' ')})`);
  return resolvePython(command, name, spec, options, flags);
}

function resolvePython(
  command: string,
  name: string,
  spec: Kernelspec,
  options: KernelOptions,
  flags: readonly string[],
) {
  // As jupyter_client does: a bare name is the Python that runs Jupyter, where that goes by this name.
  const own = join(dirname(options.python), command);
  const isOwn = !/[\\/]/.test(command) && (/^python3?(\.exe)?$/.test(command) || existsSync(own));
  const python = isOwn
    ? options.python
    : isAbsolute(command)
      ? command
      : onPath(command, { ...options.env, ...spec.env });
  if (python !== undefined && isExecutable(python)) return success({ python, flags });
  const message = `the Python of kernel ${JSON.stringify(name)} does not exist or can not be executed: ${python ?? command}`;
  const remedy = `remove the kernel (jupyter kernelspec remove ${name}), or register it again from a working environment: python -m ipykernel install --user --name ${name}`;
  return failure(withFile({ code: 'kernel-missing-python', message, remedy }, spec.file));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function onPath(command: string, env: Environment): string | undefined {
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, command))
    .find(isExecutable);
}

/** `{prefix}` and `{resource_dir}` as jupyter_client fills them in. */
function fill(word: string, spec: Kernelspec, options: KernelOptions): string {
  return word
    .replaceAll('{resource_dir}', spec.folder)
    .replaceAll('{prefix}', dirname(dirname(options.python)));
}

/** `${NAME}` and `$NAME` as Python's `string.Template.safe_substitute` has them; unknown ones stay. */
function substitute(
  own: Readonly<Record<string, string>>,
  env: Environment,
): Readonly<Record<string, string>> {
  const pattern = /\$(?:(\$)|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\})/g;
  const fillIn = (value: string) =>
    value.replace(
      pattern,
      (whole, dollar: string | undefined, plain: string | undefined, braced: string | undefined) =>
        dollar !== undefined ? '$' : (env[(plain ?? braced) as string] ?? whole),
    );
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [name, fillIn(value)]));
}
