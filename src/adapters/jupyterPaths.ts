/** Where Jupyter keeps its data, found as jupyter_core does but without starting Python. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

const homeOf = (env: Environment) => env['HOME'] || homedir();

/** Jupyter's rule for a switch in an environment variable; `undefined`: not set. */
function switchIn(env: Environment, name: string): boolean | undefined {
  const value = env[name];
  return value === undefined
    ? undefined
    : !['no', 'n', 'false', 'off', '0', '0.0'].includes(value.toLowerCase());
}

/** The user's own data folder. */
export function jupyterDataFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  if (env['JUPYTER_DATA_DIR']) return env['JUPYTER_DATA_DIR'];
  const home = homeOf(env);
  const usesPlatformFolders = switchIn(env, 'JUPYTER_PLATFORM_DIRS') === true;
  if (platform === 'darwin') {
    return usesPlatformFolders
      ? join(home, 'Library', 'Application Support', 'jupyter')
      : join(home, 'Library', 'Jupyter');
  }
  if (platform === 'win32') {
    if (usesPlatformFolders) return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'jupyter');
    return env['APPDATA']
      ? join(env['APPDATA'], 'jupyter')
      : join(env['JUPYTER_CONFIG_DIR'] ?? join(home, '.jupyter'), 'data');
  }
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'jupyter');
}

export interface PythonHome {
  /** What `sys.prefix` will be. */
  readonly prefix: string;
  readonly isVirtual: boolean;
}

/** The environment that an interpreter belongs to, told by its place. */
export function pythonHome(python: string, platform: NodeJS.Platform = process.platform): PythonHome {
  const up = (path: string) => dirname(path);
  // venv: <prefix>/bin/python, on Windows <prefix>\Scripts\python.exe
  const virtual = [up(up(python)), up(python)].find(folder => existsSync(join(folder, 'pyvenv.cfg')));
  if (virtual !== undefined) return { prefix: virtual, isVirtual: true };
  let real = python;
  try {
    real = realpathSync(python);
  } catch {
    // A missing interpreter is reported by who wants to run it.
  }
  return { prefix: platform === 'win32' ? up(real) : up(up(real)), isVirtual: false };
}

/** Folders with Jupyter's data, the first wins. @param python of DAGpy's own environment */
export function jupyterPath(
  env: Environment,
  python: string,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  const home = pythonHome(python, platform);
  const explicit = (env['JUPYTER_PATH'] ?? '').split(delimiter).filter(path => path !== '');
  const user = [jupyterDataFolder(env, platform)];
  if (!home.isVirtual && platform !== 'win32' && env['PYTHONNOUSERSITE'] === undefined) {
    const base = env['PYTHONUSERBASE'] ?? join(homeOf(env), '.local');
    user.push(join(base, 'share', 'jupyter'));
  }
  const system =
    platform === 'win32'
      ? [join(env['PROGRAMDATA'] ?? 'C:\\ProgramData', 'jupyter')]
      : ['/usr/local/share/jupyter', '/usr/share/jupyter'];
  const own = [join(home.prefix, 'share', 'jupyter')].filter(path => !system.includes(path));
  const order = prefersEnvironment(env, home) ? [...own, ...user] : [...user, ...own];
  return [...new Set([...explicit, ...order, ...system])];
}

function prefersEnvironment(env: Environment, home: PythonHome): boolean {
  const wish = switchIn(env, 'JUPYTER_PREFER_ENV_PATH');
  if (wish !== undefined) return wish;
  if (home.isVirtual) return isMine(home.prefix);
  const conda = env['CONDA_PREFIX'];
  return (
    conda !== undefined &&
    home.prefix.startsWith(conda) &&
    (env['CONDA_DEFAULT_ENV'] ?? 'base') !== 'base' &&
    isMine(home.prefix)
  );
}

function isMine(folder: string): boolean {
  const me = process.getuid?.();
  return me === undefined || statSync(folder, { throwIfNoEntry: false })?.uid === me;
}
