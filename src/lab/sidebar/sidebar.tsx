/** The whole sidebar, drawn from the model of the current project. */
import { useState, type ReactElement } from 'react';
import type { ProjectView } from '../../protocol/resident/view.js';
import { selectedIn } from '../selection.js';
import type { IProjectModel } from '../tokens.js';
import { BlockList } from './blockList.js';
import { useRedraw, type SidebarContext } from './context.js';
import { Details } from './details.js';
import { Header } from './header.js';
import { Down, NoBlocks, NoProject, Problems, Warnings } from './messages.js';

/** So many blocks are found by typing a part of their names. */
const MANY = 15;

export const Sidebar = ({ context }: { readonly context: SidebarContext }): ReactElement => {
  const { projects, trans, moved } = context;
  const { connection } = projects;
  useRedraw(projects.currentChanged, connection.changed, moved);
  const project = projects.current;
  const isDown = connection.state === 'down';
  return project === null ? (
    <>
      <Header context={context} view={null} />
      {isDown && <Down context={context} />}
      {connection.state === 'ready' && <NoProject context={context} />}
      {connection.state === 'connecting' && <p className="dagpy-Hint">{trans.__('Connecting…')}</p>}
    </>
  ) : (
    <Project key={project.path} context={context} project={project} isDown={isDown} />
  );
};

const Project = ({
  context,
  project,
  isDown,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly isDown: boolean;
}): ReactElement => {
  useRedraw(project.changed, context.selection.changed);
  const { view, trouble } = project;
  return (
    <>
      <Header context={context} view={view} />
      {isDown && <Down context={context} />}
      {!isDown && trouble !== '' && (
        <div className="dagpy-Banner" role="alert">
          {trouble}
        </div>
      )}
      {view !== null && view.problems.length > 0 && (
        <Problems context={context} project={project} problems={view.problems} />
      )}
      {view === null && !isDown && trouble === '' && (
        <p className="dagpy-Hint">{context.trans.__('Looking at the project…')}</p>
      )}
      {view !== null && view.warnings.length > 0 && <Warnings context={context} warnings={view.warnings} />}
      {view !== null && view.blocks.length === 0 && view.problems.length === 0 && (
        <NoBlocks context={context} />
      )}
      {view !== null && view.blocks.length > 0 && (
        <Blocks
          context={context}
          project={project}
          view={view}
          isOld={isDown || trouble !== '' || view.problems.length > 0}
        />
      )}
    </>
  );
};

const Blocks = ({
  context,
  project,
  view,
  isOld,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly view: ProjectView;
  /** What is shown is what was known last. */
  readonly isOld: boolean;
}): ReactElement => {
  const { selection, trans } = context;
  const [filter, setFilter] = useState('');
  const [isOpen, setOpen] = useState(true);
  const current = project.block(selectedIn(selection, project).at(-1) ?? '');
  return (
    <div className={`dagpy-Blocks ${isOld ? 'dagpy-mod-old' : ''}`}>
      {(view.blocks.length > MANY || filter !== '') && (
        <input
          type="search"
          className="jp-mod-styled dagpy-Blocks-find"
          placeholder={trans.__('Find blocks by name')}
          aria-label={trans.__('Find blocks by name')}
          value={filter}
          onChange={({ target }) => setFilter(target.value)}
        />
      )}
      <BlockList context={context} project={project} view={view} filter={filter} />
      {current !== undefined && (
        <Details
          context={context}
          project={project}
          view={view}
          block={current}
          isOpen={isOpen}
          toggle={() => setOpen(!isOpen)}
        />
      )}
    </div>
  );
};
