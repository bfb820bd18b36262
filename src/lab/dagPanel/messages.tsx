/** What the panel says where there is no picture, or where something is in its way; and what to do next. */
import { addIcon, ReactWidget, refreshIcon } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';
import { CommandIds } from '../commandIds.js';
import { ProblemText } from '../problems.js';
import { CommandButton } from '../sidebar/commandButton.js';
import type { IProjectModel } from '../tokens.js';
import type { DagPanelContext } from './context.js';

const MOST_PROBLEMS = 4;

export class DagMessages extends ReactWidget {
  private project: IProjectModel | null = null;
  private isLooking = true;

  constructor(private readonly context: DagPanelContext) {
    super();
    this.addClass('dagpy-dag-messages');
  }

  /** @param isLooking which project it is is not known yet */
  present(project: IProjectModel | null, isLooking: boolean): void {
    this.project = project;
    this.isLooking = isLooking;
    this.update();
  }

  protected render(): ReactElement {
    const { projects, trans } = this.context;
    const view = this.project?.view ?? null;
    const isDown = projects.connection.state === 'down';
    const parts: ReactElement[] = [];
    if (isDown) parts.push(this.down());
    else if (this.project === null)
      parts.push(
        <div key="none" className="dagpy-dag-empty">
          {this.isLooking || projects.connection.state === 'connecting' ? (
            <p>{trans.__('Looking for the project…')}</p>
          ) : (
            <>
              <h3>{trans.__('No project here')}</h3>
              <p>{trans.__('Open a notebook or the dag.json of a project, and its DAG is shown here.')}</p>
            </>
          )}
        </div>,
      );
    else if (view === null) parts.push(this.unknown(this.project));
    if (view !== null && this.project !== null) parts.push(...this.about(this.project, isDown));
    return <>{parts}</>;
  }

  private down(): ReactElement {
    const { commands, projects, trans } = this.context;
    const isEmpty = (this.project?.view ?? null) === null;
    const title = trans.__('DAGpy is not running');
    const { trouble } = projects.connection;
    return (
      <div key="down" className={isEmpty ? 'dagpy-dag-empty' : 'dagpy-dag-banner'} role="alert">
        <h3>{title}</h3>
        {trouble !== title && <p>{trouble}</p>}
        <p>
          {isEmpty
            ? trans.__('Your files are safe. It is tried again by itself.')
            : trans.__(
                'What is shown is what was known last; your files are safe. It is tried again by itself.',
              )}
        </p>
        <CommandButton
          commands={commands}
          id={CommandIds.retry}
          icon={refreshIcon}
          label={trans.__('Retry')}
        />
      </div>
    );
  }

  /** Nothing has come of the project. */
  private unknown(project: IProjectModel): ReactElement {
    const { trans } = this.context;
    return (
      <div key="unknown" className="dagpy-dag-empty" role={project.trouble === '' ? 'status' : 'alert'}>
        {project.trouble === '' ? (
          <p>{trans.__('Reading the project…')}</p>
        ) : (
          <>
            <h3>{trans.__('The project can not be read')}</h3>
            <p className="dagpy-dag-trouble">{project.trouble}</p>
            {this.asText(project)}
          </>
        )}
      </div>
    );
  }

  /** @param isDown that is told already, and it is all the trouble there is */
  private about(project: IProjectModel, isDown: boolean): readonly ReactElement[] {
    const { commands, trans } = this.context;
    const { view } = project;
    const parts: ReactElement[] = [];
    if (view === null) return parts;
    if (view.problems.length > 0 || (project.trouble !== '' && !isDown))
      parts.push(
        <div key="problems" className="dagpy-dag-banner" role="alert">
          {view.problems.length === 0 && <p className="dagpy-dag-trouble">{project.trouble}</p>}
          {view.problems.slice(0, MOST_PROBLEMS).map((problem, place) => (
            <ProblemText key={place} problem={problem} trans={trans} />
          ))}
          {view.problems.length > MOST_PROBLEMS && (
            <p>{trans.__('and %1 more', view.problems.length - MOST_PROBLEMS)}</p>
          )}
          {this.asText(project)}
        </div>,
      );
    if (view.blocks.length === 0 && view.problems.length === 0)
      parts.push(
        <div key="empty" className="dagpy-dag-empty">
          <h3>{trans.__('No blocks yet')}</h3>
          <p>{trans.__('Select cells in a notebook and add them as a block, or begin with an empty one.')}</p>
          <CommandButton
            commands={commands}
            id={CommandIds.addBlock}
            args={{ project: project.path }}
            icon={addIcon}
            label={trans.__('Add block')}
          />
        </div>,
      );
    if (view.isReadOnly)
      parts.push(
        <div key="readOnly" className="dagpy-dag-banner is-quiet">
          {trans.__('This project can not be written: it can be looked at.')}
        </div>,
      );
    return parts;
  }

  private asText(project: IProjectModel): ReactElement {
    const { commands, trans } = this.context;
    const line = project.view?.problems.find(({ file }) => file === 'dag.json')?.line;
    return (
      <CommandButton
        commands={commands}
        id={CommandIds.openFile}
        args={{ project: project.path, file: 'dag.json', ...(line === undefined ? {} : { line }) }}
        label={trans.__('Open dag.json as text')}
      />
    );
  }
}
