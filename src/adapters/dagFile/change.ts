/** `dag.json` on disk: edited and replaced in one step, or made. */
import { join } from 'node:path';
import {
  decodeDagFile,
  editDagFile,
  formatNewDagFile,
  type DagEdit,
  type NewProject,
} from '../../protocol/dagFileCodec/index.js';
import { failure, type Result } from '../../protocol/problem.js';
import { replaceTextFile } from '../textFile.js';
import { DAG_FILE } from './find.js';
import { loadDagFile, optionsFor, type LoadedDagFile } from './index.js';

const ATTEMPTS = 5;

/** Edits the file in place; starts over if someone else changed it in between. */
export function changeDagFile(project: string, edits: readonly DagEdit[]): Result<LoadedDagFile> {
  let last: Result<never> = failure();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const loaded = loadDagFile(project);
    if (!loaded.ok) return loaded;
    const edited = editDagFile(loaded.value.text, edits, optionsFor(project));
    if (!edited.ok) return edited;
    if (edited.value === loaded.value.text) return loaded;
    const written = replaceTextFile(join(project, DAG_FILE), edited.value, loaded.value.stamp, DAG_FILE);
    if (written.ok) return loadDagFile(project);
    last = failure(...written.problems);
    if (written.problems[0]?.code !== 'file-changed') return last;
  }
  return last;
}

/** Makes the file of a new project; refuses to replace one. */
export function createDagFile(project: string, content: NewProject): Result<LoadedDagFile> {
  const text = formatNewDagFile(content);
  const decoded = decodeDagFile(text, optionsFor(project));
  if (!decoded.ok) return failure(...decoded.problems);
  const written = replaceTextFile(join(project, DAG_FILE), text, null, DAG_FILE);
  if (written.ok) return loadDagFile(project);
  const exists = written.problems[0]?.code === 'file-changed';
  if (!exists) return failure(...written.problems);
  return failure({
    code: 'project-exists',
    message: `${DAG_FILE} is there already`,
    file: DAG_FILE,
    remedy: 'use the project that is there, or choose another folder',
  });
}
