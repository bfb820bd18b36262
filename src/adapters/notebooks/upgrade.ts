/** Notebooks of format 3 and older, through nbformat in DAGpy's own Python. */
import { failure, success, type Result } from '../../protocol/problem.js';

/** Text of the notebook in format 4. The file stays as it is. @param file how messages name it */
export function upgradeNotebook(python: string, path: string, file: string): Result<string> {
  const ran = process
    .getBuiltinModule('node:child_process')
    .spawnSync(python, ['-m', 'jupyterlab_dagpy.notebooks', 'upgrade'], {
      input: JSON.stringify({ paths: [path] }),
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
  const failed = (why: string) =>
    failure({
      code: 'notebook-upgrade',
      message: `${file} can not be upgraded to notebook format 4: ${why}`,
      file,
      remedy: 'open and save it in Jupyter, or restore it from version control',
    });
  if (ran.status !== 0)
    return failed(ran.error?.message ?? (ran.stderr.trim().split('\n').at(-1) || 'Python failed'));
  const [answer] = JSON.parse(ran.stdout) as readonly { readonly text?: string; readonly error?: string }[];
  return answer?.text === undefined ? failed(answer?.error ?? 'no answer') : success(answer.text);
}
