/** `dag.json` on disk: decoded with what only the file system can tell. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { decodeDagFile, type DecodedDagFile } from '../../protocol/dagFileCodec/decode.js';
import { placeOf, valueAt } from '../../protocol/jsonText.js';
import { failure, success, type Problem, type Result } from '../../protocol/problem.js';
import { readTextFile, type TextStamp } from '../textFile.js';
import { DAG_FILE } from './find.js';

/** Bytes; the decoder has its own limit in characters. */
const LARGEST = 32_000_000;

export interface LoadedDagFile extends DecodedDagFile {
  readonly text: string;
  readonly stamp: TextStamp;
}

/** Reads the project's file. Notebooks that are missing are no problem here: whoever reads them says so. */
export function loadDagFile(project: string): Result<LoadedDagFile> {
  const read = readTextFile(join(project, DAG_FILE), DAG_FILE, LARGEST);
  if (!read.ok) return read;
  const decoded = decodeDagFile(read.value.text, optionsFor(project));
  if (!decoded.ok) return failure(...decoded.problems);
  const outside = linkProblems(project, decoded.value);
  if (outside.length > 0) return failure(...outside);
  return success({ ...decoded.value, ...read.value });
}

/** Adds where in the file the block stands to problems that name one and no place. */
export function placeInFile(problems: readonly Problem[], text: string): readonly Problem[] {
  return problems.map(problem => {
    const span =
      problem.block === undefined || problem.line !== undefined
        ? undefined
        : valueAt(text, ['blocks', problem.block]);
    return span === undefined ? problem : { ...problem, ...placeOf(text, span.start) };
  });
}

/** How the file is decoded in a folder. */
export const optionsFor = (project: string) => ({
  file: DAG_FILE,
  defaultName: basename(resolve(project)) || 'project',
});

/** Links may lead out of the project, or two names to one file; text alone can not tell. */
function linkProblems(project: string, { dag }: DecodedDagFile): Problem[] {
  // The system's own: that of JavaScript looks at each folder of each path.
  const root = realpathSync.native(project);
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { id, notebook } of dag.blocks) {
    if (notebook === '') continue;
    const real = realPathOf(join(project, notebook));
    if (real === undefined) continue;
    const inside = relative(root, real);
    if (inside.startsWith('..' + sep) || inside === '..' || resolve(root, inside) !== real) {
      problems.push({
        code: 'dag-path',
        message: `the notebook ${JSON.stringify(notebook)} of block ${JSON.stringify(id)} is a link to ${real}, outside the project`,
        file: DAG_FILE,
        remedy: 'copy the notebook into the project',
      });
    }
    const other = owners.get(real);
    if (other !== undefined) {
      problems.push({
        code: 'dag-same-notebook',
        message: `blocks ${JSON.stringify(other)} and ${JSON.stringify(id)} lead to the same notebook ${inside}`,
        file: DAG_FILE,
        remedy: 'give each block a notebook of its own',
      });
    }
    owners.set(real, id);
  }
  return problems;
}

/** Real path of what is there, or of the nearest folder above it that is, with the rest of the name. */
function realPathOf(path: string): string | undefined {
  const rest: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync.native(at), ...rest.reverse());
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(at) === at) return undefined;
      rest.push(basename(at));
    }
  }
}
