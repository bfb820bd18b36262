/** All that is known of the selected block: why it stands as it does, what it needs, what it hands on. */
import {
  addBelowIcon,
  caretDownIcon,
  caretRightIcon,
  deleteIcon,
  editIcon,
  filterIcon,
  launchIcon,
  notebookIcon,
  runIcon,
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReactElement, ReactNode } from 'react';
import { bytes } from '../../protocol/amounts.js';
import type { BlockView, FilterView, ProjectView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { stateWord } from '../stateGlyph.js';
import type { IProjectModel } from '../tokens.js';
import { StateGlyph } from '../widgets/stateGlyph.js';
import { duration, failureText, reasonsOf } from '../words.js';
import { CommandButton } from './commandButton.js';
import type { SidebarContext } from './context.js';

const LISTED = 60;

export const Details = ({
  context,
  project,
  view,
  block,
  isOpen,
  toggle,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly view: ProjectView;
  readonly block: BlockView;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}): ReactElement => {
  const { trans } = context;
  const Caret = isOpen ? caretDownIcon : caretRightIcon;
  return (
    <section className="dagpy-Details" aria-label={trans.__('Details of %1', block.id)}>
      <button type="button" className="dagpy-Details-toggle" aria-expanded={isOpen} onClick={toggle}>
        <Caret.react tag="span" className="dagpy-Button-icon" />
        <span className="dagpy-Details-name">{block.id}</span>
      </button>
      {isOpen && (
        // Focusable, so that it can be scrolled by keyboard.
        <div className="dagpy-Details-body" tabIndex={0} role="group" aria-label={trans.__('Details')}>
          <Actions context={context} project={project} block={block} />
          <State block={block} trans={trans} context={context} project={project} />
          <Needs view={view} block={block} trans={trans} />
          <HandsOn block={block} trans={trans} />
          <Withheld block={block} trans={trans} />
        </div>
      )}
    </section>
  );
};

const Actions = ({
  context: { commands },
  project,
  block,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly block: BlockView;
}): ReactElement => {
  const args = { project: project.path, block: block.id };
  const shown = [
    [CommandIds.openBlock, notebookIcon],
    [CommandIds.openFlow, launchIcon],
    [CommandIds.runBlock, runIcon],
    [CommandIds.branch, addBelowIcon],
    [CommandIds.renameBlock, editIcon],
    [CommandIds.setFilter, filterIcon],
    [CommandIds.removeBlock, deleteIcon],
  ] as const;
  return (
    <div className="dagpy-Details-actions">
      {shown.map(([id, icon]) => (
        <CommandButton key={id} commands={commands} id={id} args={args} icon={icon} isBare />
      ))}
    </div>
  );
};

const Part = ({
  title,
  remark = '',
  children,
}: {
  readonly title: string;
  readonly remark?: string;
  readonly children?: ReactNode;
}): ReactElement => (
  <div className="dagpy-Part">
    <h3>
      {title}
      {remark !== '' && <span className="dagpy-Part-remark">{remark}</span>}
    </h3>
    {children}
  </div>
);

const State = ({
  context: { commands },
  project,
  block,
  trans,
}: {
  readonly context: SidebarContext;
  readonly project: IProjectModel;
  readonly block: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const { state, failure, seconds, lastRun, isLocal } = block;
  const reasons = reasonsOf(block).filter(reason => failure === null || reason !== failure.message);
  const last =
    lastRun === 'restored'
      ? trans.__('restored in the last run')
      : lastRun === 'executed'
        ? trans.__('ran in the last run')
        : '';
  const remark = [seconds === null ? '' : trans.__('took %1', duration(seconds, trans)), last]
    .filter(part => part !== '')
    .join(' · ');
  return (
    <div className="dagpy-Part">
      <div className="dagpy-Details-state">
        <StateGlyph state={state} />
        <strong>{stateWord(state, trans)}</strong>
        <span className="dagpy-Part-remark">{remark}</span>
      </div>
      {failure !== null && (
        <div className="dagpy-Failure">
          <div className="dagpy-Failure-message">{failureText(failure, trans)}</div>
          {failure.message !== failureText(failure, trans) && <pre>{failure.message}</pre>}
          {failure.remedy !== '' && <div className="dagpy-Problem-remedy">{failure.remedy}</div>}
          <CommandButton
            commands={commands}
            id={CommandIds.showFailure}
            args={{ project: project.path, block: block.id }}
            label={trans.__('Show')}
          />
        </div>
      )}
      {reasons.length > 0 && (
        <ul className="dagpy-Reasons">
          {reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {isLocal && (
        <div className="dagpy-Hint">{trans.__('Adopted from a kernel: local, until a run confirms it.')}</div>
      )}
    </div>
  );
};

const Needs = ({
  view: { edges },
  block: { id, parents, after },
  trans,
}: {
  readonly view: ProjectView;
  readonly block: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement | null => {
  if (parents.length === 0 && after.length === 0) return null;
  return (
    <Part title={trans.__('Needs')}>
      <ul className="dagpy-Facts">
        {parents.map(({ block }) => {
          const edge = edges.find(({ from, to }) => from === block && to === id);
          const variables = edge?.variables ?? [];
          return (
            <li key={block} data-parent={block}>
              <span className="dagpy-Facts-name">{block}</span>
              <span className="dagpy-Facts-variables">
                {edge?.session === true
                  ? trans.__('whole session')
                  : variables.length === 0
                    ? trans.__('nothing that is read')
                    : variables.slice(0, LISTED).map(({ name, as, type, bytes: size }) => (
                        <code key={`${name} ${as}`} title={factsOf(type, size)}>
                          {name === as ? name : trans.__('%1 as %2', name, as)}
                        </code>
                      ))}
              </span>
            </li>
          );
        })}
        {after.map(block => (
          <li key={`after ${block}`}>
            <span className="dagpy-Facts-name">{block}</span>
            <span>{trans.__('order only')}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
};

const factsOf = (type: string | null, size: number | null): string =>
  [type ?? '', size === null ? '' : bytes(size)].filter(fact => fact !== '').join(' · ');

/** `by itself`, `df, stats_*`, `whole session`. */
export function filterText(filter: FilterView, trans: TranslationBundle): string {
  switch (filter.kind) {
    case 'auto':
      return trans.__('by itself');
    case 'names':
      return filter.patterns.length === 0 ? trans.__('nothing') : filter.patterns.join(', ');
    case 'off':
      return trans.__('whole session');
  }
}

const HandsOn = ({
  block: { exports, filter, bytes: size },
  trans,
}: {
  readonly block: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement => (
  <Part
    title={trans.__('Hands on')}
    remark={[filterText(filter, trans), size === null || size === 0 ? '' : bytes(size)]
      .filter(part => part !== '')
      .join(' · ')}
  >
    {exports.length > 0 && (
      <ul className="dagpy-Facts">
        {exports.slice(0, LISTED).map(({ name, type, bytes: each }) => (
          <li key={name} data-export={name} title={type}>
            <code>{name}</code>
            <span className="dagpy-Facts-type">{type}</span>
            <span className="dagpy-Facts-size">{bytes(each)}</span>
          </li>
        ))}
        {exports.length > LISTED && <li>{trans.__('and %1 more', exports.length - LISTED)}</li>}
      </ul>
    )}
  </Part>
);

const Withheld = ({
  block: { withheld },
  trans,
}: {
  readonly block: BlockView;
  readonly trans: TranslationBundle;
}): ReactElement | null =>
  withheld.length === 0 ? null : (
    <Part title={trans.__('Keeps to itself')}>
      <ul className="dagpy-Facts">
        {withheld.slice(0, LISTED).map(({ name, type, detail }) => (
          <li key={name} title={detail}>
            <code>{name}</code>
            <span className="dagpy-Facts-type">{type}</span>
            <span className="dagpy-Facts-detail">{detail}</span>
          </li>
        ))}
        {withheld.length > LISTED && <li>{trans.__('and %1 more', withheld.length - LISTED)}</li>}
      </ul>
    </Part>
  );
