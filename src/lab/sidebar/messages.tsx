/** What the sidebar says where there is no list, or where something is in the way of one: and what to do next. */
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import { useState, type ReactElement, type ReactNode } from 'react';
import type { Problem } from '../../protocol/problem.js';
import { CommandIds } from '../commandIds.js';
import { ProblemText } from '../problems.js';
import type { IProjectModel } from '../tokens.js';
import { CommandButton } from './commandButton.js';
import type { SidebarContext } from './context.js';

const Message = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactElement => (
  <div className="dagpy-Message">
    <div className="dagpy-Message-title">{title}</div>
    {children}
  </div>
);

/** No daemon answers. */
export const Down = ({ context }: { readonly context: SidebarContext }): ReactElement => {
  const { commands, projects, trans } = context;
  const title = trans.__('DAGpy is not running');
  const { trouble } = projects.connection;
  return (
    <div className="dagpy-Banner" role="alert">
      <div className="dagpy-Message-title">{title}</div>
      {trouble !== title && <div>{trouble}</div>}
      <div className="dagpy-Hint">
        {trans.__('Notebooks and block files are safe. It is tried again by itself.')}
      </div>
      <CommandButton commands={commands} id={CommandIds.retry} icon={refreshIcon} label={trans.__('Retry')} />
    </div>
  );
};

export const NoProject = ({ context }: { readonly context: SidebarContext }): ReactElement => {
  const { commands, trans, notebookPath } = context;
  const path = notebookPath();
  return (
    <Message title={trans.__('No project here yet')}>
      <p>
        {trans.__(
          'Group cells into blocks, and after any change only what it affects runs again. A project is a folder with a dag.json.',
        )}
      </p>
      {path !== null && (
        <CommandButton
          commands={commands}
          id={CommandIds.splitNotebook}
          label={trans.__('Split this notebook into blocks')}
          className="dagpy-mod-wide dagpy-mod-main"
        />
      )}
      <CommandButton
        commands={commands}
        id={CommandIds.createProject}
        label={trans.__('Make this folder a project')}
        className={path === null ? 'dagpy-mod-wide dagpy-mod-main' : 'dagpy-mod-wide'}
      />
      <p className="dagpy-Hint">{trans.__('Or open a notebook that belongs to a project.')}</p>
    </Message>
  );
};

export const NoBlocks = ({ context }: { readonly context: SidebarContext }): ReactElement => {
  const { commands, trans, notebookPath } = context;
  return (
    <Message title={trans.__('No blocks yet')}>
      <p>
        {notebookPath() === null
          ? trans.__('Open a notebook and select cells, or begin with an empty block.')
          : trans.__('Select cells in the notebook and add them as a block, or split the whole notebook.')}
      </p>
      <CommandButton
        commands={commands}
        id={CommandIds.addBlock}
        icon={addIcon}
        label={trans.__('Add block')}
        className="dagpy-mod-wide dagpy-mod-main"
      />
      {notebookPath() !== null && (
        <CommandButton
          commands={commands}
          id={CommandIds.splitNotebook}
          label={trans.__('Split this notebook into blocks')}
          className="dagpy-mod-wide"
        />
      )}
    </Message>
  );
};

/** What keeps the project from being judged; the list below it is as it was known last. */
export const Problems = ({
  context: { commands, trans },
  project,
  problems,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly problems: readonly Problem[];
}): ReactElement => (
  <div className="dagpy-Banner" role="alert">
    {problems.slice(0, 5).map((problem, place) => (
      <div key={place}>
        <ProblemText problem={problem} trans={trans} />
        {problem.file !== undefined && (
          <CommandButton
            commands={commands}
            id={CommandIds.openFile}
            args={{
              project: project.path,
              file: problem.file,
              ...(problem.line === undefined ? {} : { line: problem.line }),
            }}
            label={trans.__('Open %1', problem.file)}
          />
        )}
      </div>
    ))}
    {problems.length > 5 && <div>{trans.__('and %1 more', problems.length - 5)}</div>}
  </div>
);

/** Told in one quiet line, in full when asked for. */
export const Warnings = ({
  context: { trans },
  warnings,
}: {
  readonly context: SidebarContext;
  readonly warnings: readonly Problem[];
}): ReactElement => {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="dagpy-Warnings">
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {trans._n('%1 warning', '%1 warnings', warnings.length)}
      </button>
      {isOpen &&
        warnings.map((problem, place) => <ProblemText key={place} problem={problem} trans={trans} />)}
    </div>
  );
};
