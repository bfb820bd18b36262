/** Shows what a call was refused for: what happened, where, and what to do. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement } from 'react';
import type { Problem } from '../protocol/problem.js';
import { CallError } from './connection.js';

export const problemsOf = (error: unknown): readonly Problem[] =>
  error instanceof CallError
    ? error.problems
    : [{ code: 'bug', message: error instanceof Error ? error.message : String(error), remedy: '' }];

/** `dag.json, line 12`; empty where it is about no file. */
export function placeOf({ file, line, cell }: Problem, trans: TranslationBundle): string {
  if (file === undefined) return '';
  if (line !== undefined) return trans.__('%1, line %2', file, line);
  return cell === undefined ? file : trans.__('%1, cell %2', file, cell);
}

export const ProblemText = ({
  problem,
  trans,
}: {
  readonly problem: Problem;
  readonly trans: TranslationBundle;
}): ReactElement => (
  <div className="dagpy-Problem" data-problem={problem.code}>
    <div className="dagpy-Problem-message">{problem.message}</div>
    {problem.file !== undefined && <div className="dagpy-Problem-place">{placeOf(problem, trans)}</div>}
    {problem.remedy !== '' && <div className="dagpy-Problem-remedy">{problem.remedy}</div>}
  </div>
);

export async function showProblems(title: string, error: unknown, trans: TranslationBundle): Promise<void> {
  const problems = problemsOf(error);
  await showDialog({
    title,
    body: (
      <div className="dagpy-Problems">
        {problems.map((problem, place) => (
          <ProblemText key={place} problem={problem} trans={trans} />
        ))}
      </div>
    ),
    buttons: [Dialog.okButton({ label: trans.__('Close') })],
  });
}
