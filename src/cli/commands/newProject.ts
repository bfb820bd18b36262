/** What `split` and `import` share: a new project made of notebooks that stay as they are. */
import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createDagFile } from '../../adapters/dagFile/change.js';
import { listKernelspecs } from '../../adapters/kernelspecs.js';
import type { Notebook } from '../../adapters/notebooks/index.js';
import { prepareStore, storeLayout } from '../../adapters/store/layout.js';
import { fileProblem, replaceTextFile } from '../../adapters/textFile.js';
import { buildGraph } from '../../engine/index.js';
import type { NewProject } from '../../protocol/dagFileCodec/index.js';
import { orThrow, type Problem, ProblemError } from '../../protocol/problem.js';
import type { Session } from '../session.js';

const DEFAULT_KERNEL = 'python3';
const DAG_FILE = 'dag.json';

/**
 * The notebooks' own kernel where it is registered here; notebooks of other people often name one that is not.
 * @param doing what is refused for other languages, such as `split`
 */
export function kernelOf(
  session: Pick<Session, 'around' | 'note'>,
  notebooks: readonly Notebook[],
  doing: string,
): string {
  const other = notebooks.find(notebook => notebook.language !== 'python');
  if (other !== undefined)
    throw new ProblemError([
      {
        code: 'language',
        message: `the notebook is written in ${other.language}`,
        file: other.file,
        remedy: `only Python notebooks can be ${doing}`,
      },
    ]);
  const named = new Set(notebooks.map(notebook => notebook.kernelspec).filter(name => name !== undefined));
  const [wanted = DEFAULT_KERNEL] = named;
  const change = 'change "kernel" in dag.json for another';
  if (named.size > 1)
    session.note(
      `the notebooks name several kernels (${[...named].join(', ')}): the project uses one; ${change}`,
    );
  if (wanted === DEFAULT_KERNEL) return DEFAULT_KERNEL;
  const known = listKernelspecs({ env: session.around.environment, python: session.around.python() });
  if (known.has(wanted.toLowerCase())) return wanted;
  session.note(`the kernel ${wanted} is not registered here: the project uses ${DEFAULT_KERNEL}; ${change}`);
  return DEFAULT_KERNEL;
}

/** Names of folders are kept to characters that every file system and dag.json take. */
export const folderName = (name: string): string =>
  name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '') || 'blocks';

/** @param shown how messages name the folder */
export function refuseProject(project: string, shown: string): void {
  if (!existsSync(join(project, DAG_FILE))) return;
  throw new ProblemError([
    {
      code: 'project-exists',
      message: `${shown || '.'} has a dag.json already`,
      file: DAG_FILE,
      remedy: 'choose another folder with -o',
    },
  ]);
}

/** @param texts of the notebooks, one for each block, in their order */
export function writeNewProject(project: string, content: NewProject, texts: readonly string[]): void {
  const taken = content.blocks
    .map(block => join(project, block.notebook))
    .filter(path => existsSync(path))
    .map((path): Problem => ({
      code: 'file-exists',
      message: `${relative(project, path)} is there already`,
      file: relative(project, path),
      remedy: 'move it away, or choose another folder with -o',
    }));
  if (taken.length > 0) throw new ProblemError(taken);
  const made: string[] = [];
  const folders: string[] = [];
  try {
    content.blocks.forEach((block, index) => {
      const path = join(project, block.notebook);
      folders.unshift(...makeFolder(dirname(path), dirname(block.notebook)));
      orThrow(replaceTextFile(path, texts[index] ?? '', null, block.notebook));
      made.push(path);
    });
    folders.push(...makeFolder(project, relative(dirname(project), project)));
    const { dag } = orThrow(createDagFile(project, content));
    made.push(join(project, DAG_FILE));
    orThrow(buildGraph(dag));
    prepareStore(storeLayout(project));
  } catch (error) {
    // Half a project would be in the way of the next attempt; nobody has worked in it yet.
    for (const path of made) rmSync(path, { force: true });
    for (const folder of folders) removeIfEmpty(folder);
    throw error;
  }
}

/** Folders that had to be made, the innermost first. */
function makeFolder(path: string, shown: string): readonly string[] {
  const made: string[] = [];
  try {
    const outermost = mkdirSync(path, { recursive: true });
    for (let at = path; outermost !== undefined && at.length >= outermost.length; at = dirname(at))
      made.push(at);
  } catch (error) {
    throw new ProblemError([fileProblem(error, shown, 'write')]);
  }
  return made;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something else lies in it by now.
  }
}
