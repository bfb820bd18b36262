/** A whole notebook becomes blocks: what they would be is shown first, and the open notebook then shows them. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { useEffect, useState, type ReactElement } from 'react';
import type { NotebookContent, SplitAnswer } from '../../protocol/resident/calls.js';
import { ProblemText, problemsOf } from '../problems.js';
import type { IProjects } from '../tokens.js';
import { StateGlyph } from '../widgets/stateGlyph.js';
import { applyContent } from './applyContent.js';
import { filterWordsOf } from './filterWords.js';
import { contentOf, keepCellIds } from './plainCells.js';
import { saveDocument } from './saveDocument.js';

type By = SplitAnswer['by'];
const WAYS: readonly By[] = ['heading', 'tag', 'cell'];

export interface SplitOptions {
  readonly projects: IProjects;
  readonly trans: TranslationBundle;
  /** Absent: as the notebook suggests. */
  readonly by?: By;
  /** Without asking. */
  readonly isConfirmed: boolean;
}

/** @returns whether it was split */
export async function splitNotebook(panel: NotebookPanel, options: SplitOptions): Promise<boolean> {
  const { projects, trans, isConfirmed } = options;
  const { context } = panel;
  const { model } = panel.content;
  if (model === null) return false;
  await context.ready;
  const path = context.localPath;
  const parameters = (by: By | undefined, content: NotebookContent) => ({
    folder: PathExt.dirname(path),
    path,
    content,
    ...(by === undefined ? {} : { by }),
  });
  const content = (): NotebookContent => contentOf(model);
  let { by } = options;
  if (!isConfirmed) {
    const ask = (how: By | undefined): Promise<SplitAnswer> =>
      projects.connection.call('split', parameters(how, content()));
    const body = new PreviewWidget(ask, by, trans);
    const { button, value } = await showDialog({
      title: trans.__('Split %1 into blocks', PathExt.basename(path)),
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Split') })],
    });
    if (!button.accept || value === null) return false;
    by = value;
  }
  const sent = content();
  const answer = await projects.connection.call('split', { ...parameters(by, sent), apply: true });
  if (answer.content === undefined || model.isDisposed) return false;
  keepCellIds(model);
  applyContent(model, sent, { content: answer.content, isTrusted: false });
  const { metadata } = answer.content;
  if (typeof metadata === 'object' && metadata !== null && 'dagpy' in metadata)
    model.setMetadata('dagpy', metadata['dagpy']);
  await saveDocument(context);
  projects.refresh();
  return true;
}

class PreviewWidget extends ReactWidget implements Dialog.IBodyWidget<By | null> {
  private value: By | null = null;

  constructor(
    private readonly ask: (by: By | undefined) => Promise<SplitAnswer>,
    private readonly first: By | undefined,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.addClass('dagpy-Split');
  }

  /** `null`: there is nothing that could be done. */
  getValue(): By | null {
    return this.value;
  }

  protected render(): ReactElement {
    return (
      <Preview
        ask={this.ask}
        first={this.first}
        change={value => {
          this.value = value;
        }}
        trans={this.trans}
      />
    );
  }
}

interface PreviewProps {
  readonly ask: (by: By | undefined) => Promise<SplitAnswer>;
  readonly first: By | undefined;
  readonly change: (value: By | null) => void;
  readonly trans: TranslationBundle;
}

const Preview = ({ ask, first, change, trans }: PreviewProps): ReactElement => {
  const [by, setBy] = useState(first);
  const [answer, setAnswer] = useState<SplitAnswer | null>(null);
  const [trouble, setTrouble] = useState<unknown>(null);
  useEffect(() => {
    let isAsked = true;
    setTrouble(null);
    change(null);
    ask(by).then(
      next => {
        if (!isAsked) return;
        setAnswer(next);
        change(next.by);
      },
      (error: unknown) => {
        if (!isAsked) return;
        setAnswer(null);
        setTrouble(error);
      },
    );
    return () => {
      isAsked = false;
    };
  }, [by]);
  const words: Readonly<Record<By, string>> = {
    heading: trans.__('At headings'),
    tag: trans.__('By tags'),
    cell: trans.__('Every cell'),
  };
  return (
    <div className="dagpy-Split-body">
      <fieldset className="dagpy-Split-ways">
        <legend>{trans.__('Where a block begins')}</legend>
        {WAYS.map(way => (
          <label key={way}>
            <input
              type="radio"
              name="dagpy-split-by"
              value={way}
              checked={(by ?? answer?.by) === way}
              onChange={() => setBy(way)}
            />
            {words[way]}
          </label>
        ))}
      </fieldset>
      {trouble !== null &&
        problemsOf(trouble).map((problem, at) => <ProblemText key={at} problem={problem} trans={trans} />)}
      {answer === null && trouble === null && <p role="status">{trans.__('Reading the code…')}</p>}
      {answer !== null && <Proposal answer={answer} trans={trans} />}
    </div>
  );
};

const Proposal = ({
  answer: { blocks, warnings },
  trans,
}: {
  readonly answer: SplitAnswer;
  readonly trans: TranslationBundle;
}): ReactElement => (
  <>
    <p role="status">{trans._n('%1 block', '%1 blocks', blocks.length)}</p>
    <ol className="dagpy-Split-blocks" tabIndex={0} aria-label={trans.__('Blocks that are made')}>
      {blocks.map(({ id, cells, parents, filter, isPrelude }) => (
        <li key={id} data-proposed={id}>
          <StateGlyph state="never" />
          <span className="dagpy-Split-name">{id}</span>
          <span className="dagpy-Split-cells">{cellsText(cells, trans)}</span>
          <span className="dagpy-Split-needs">
            {isPrelude
              ? trans.__('runs in every session')
              : [
                  parents.length > 0 ? trans.__('needs %1', [...new Set(parents)].join(', ')) : '',
                  filter.kind === 'names' && filter.patterns.length > 0
                    ? trans.__('gives %1', filterWordsOf(filter).join(', '))
                    : '',
                ]
                  .filter(text => text !== '')
                  .join(' · ')}
          </span>
        </li>
      ))}
    </ol>
    {warnings.length > 0 && (
      <div className="dagpy-Split-warnings" role="note" aria-label={trans.__('What will not be the same')}>
        <p>{trans.__('What will not be the same')}</p>
        {warnings.map((problem, at) => (
          <ProblemText key={at} problem={problem} trans={trans} />
        ))}
      </div>
    )}
  </>
);

function cellsText(cells: readonly number[], trans: TranslationBundle): string {
  const [first] = cells;
  const last = cells.at(-1);
  if (first === undefined || last === undefined) return '';
  return first === last ? trans.__('cell %1', first) : trans.__('cells %1–%2', first, last);
}
