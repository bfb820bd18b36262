/** Files that a call is asked to write, by name: whatever is there is replaced, as other tools do with `-o`. */
import { statSync, writeFileSync } from 'node:fs';
import { failure, success, type Result } from '../protocol/problem.js';
import { fileProblem, replaceTextFile, stampOf } from './textFile.js';

/** Whole or not at all. What is no plain file, such as `/dev/stdout`, is written to. @param shown how problems name it */
export function writeResult(path: string, content: string | Uint8Array, shown: string): Result<void> {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    if (before?.isFile() === false) {
      writeFileSync(path, content);
      return success(undefined);
    }
  } catch (error) {
    return failure(fileProblem(error, shown, 'write'));
  }
  const replaced = replaceTextFile(path, content, stampOf(path), shown);
  if (replaced.ok) return success(undefined);
  const remedies = replaced.problems.map(problem =>
    problem.code === 'file-missing'
      ? {
          ...problem,
          message: `${shown} can not be written: its folder does not exist`,
          remedy: 'make the folder, or name another',
        }
      : problem,
  );
  return failure(...remedies);
}
