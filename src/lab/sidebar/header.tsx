/** The upper part of the sidebar: which project it is, how it stands, and what can be done about it. */
import { addIcon, caretDownIcon, MenuSvg, runIcon, searchIcon, stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import { useRef, type ReactElement } from 'react';
import type { ProjectView, RunView } from '../../protocol/resident/view.js';
import { CommandIds } from '../commandIds.js';
import { affectedCount } from '../commands/run.js';
import { blocksIcon } from '../icons.js';
import { clock, listing, roughly } from '../words.js';
import { CommandButton } from './commandButton.js';
import { useSeconds, type SidebarContext } from './context.js';

export const Header = ({
  context: { commands, trans },
  view,
}: {
  readonly context: SidebarContext;
  readonly view: ProjectView | null;
}): ReactElement => (
  <header className="dagpy-Header">
    <div className="dagpy-Header-title">
      <h2>{trans.__('Blocks')}</h2>
      {view !== null && (
        <span
          className="dagpy-Header-project"
          title={`${view.name}\n${view.project === '' ? '/' : view.project}`}
        >
          {view.name}
        </span>
      )}
      {view !== null && (
        <CommandButton
          commands={commands}
          id={CommandIds.showDag}
          icon={blocksIcon}
          label={trans.__('DAG')}
          className="dagpy-mod-shrinking"
        />
      )}
      {view !== null && (
        <CommandButton
          commands={commands}
          id={CommandIds.addBlock}
          icon={addIcon}
          label={trans.__('Add')}
          className="dagpy-mod-shrinking"
        />
      )}
    </div>
    {view !== null && view.run === null && view.blocks.length > 0 && (
      <RunButtons commands={commands} view={view} trans={trans} />
    )}
    {view !== null && view.run !== null && (
      <RunProgress commands={commands} view={view} run={view.run} trans={trans} />
    )}
    {view !== null && view.blocks.length > 0 && <Summary view={view} trans={trans} />}
  </header>
);

const RunButtons = ({
  commands,
  view,
  trans,
}: {
  readonly commands: CommandRegistry;
  readonly view: ProjectView;
  readonly trans: TranslationBundle;
}): ReactElement => (
  <div className="dagpy-RunButtons">
    <CommandButton
      commands={commands}
      id={CommandIds.runAffected}
      icon={runIcon}
      className={affectedCount(view) > 0 ? 'dagpy-mod-main' : ''}
    />
    <RunMenu commands={commands} isMain={affectedCount(view) > 0} trans={trans} />
    <CommandButton
      commands={commands}
      id={CommandIds.preview}
      icon={searchIcon}
      label={trans.__('Preview')}
      className="dagpy-mod-shrinking"
    />
  </div>
);

const MENU: readonly (string | null)[] = [
  CommandIds.runBlock,
  CommandIds.runUpstream,
  CommandIds.runDownstream,
  CommandIds.runOnly,
  CommandIds.forceBlock,
  null,
  CommandIds.runAll,
];

const RunMenu = ({
  commands,
  isMain,
  trans,
}: {
  readonly commands: CommandRegistry;
  readonly isMain: boolean;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const button = useRef<HTMLButtonElement>(null);
  const open = (): void => {
    const place = button.current?.getBoundingClientRect();
    if (place === undefined) return;
    const menu = new MenuSvg({ commands });
    for (const command of MENU) menu.addItem(command === null ? { type: 'separator' } : { command });
    menu.aboutToClose.connect(() => button.current?.focus());
    menu.open(place.left, place.bottom);
  };
  return (
    <button
      ref={button}
      type="button"
      className={`dagpy-Button dagpy-mod-bare dagpy-RunMenu ${isMain ? 'dagpy-mod-main' : ''}`}
      title={trans.__('Run menu')}
      aria-label={trans.__('Run menu')}
      aria-haspopup="menu"
      onClick={open}
    >
      <caretDownIcon.react tag="span" className="dagpy-Button-icon" />
    </button>
  );
};

const RunProgress = ({
  commands,
  view,
  run,
  trans,
}: {
  readonly commands: CommandRegistry;
  readonly view: ProjectView;
  readonly run: RunView;
  readonly trans: TranslationBundle;
}): ReactElement => {
  useSeconds(true);
  const running = view.blocks.filter(({ state }) => state === 'running').map(({ id }) => id);
  const total = Math.max(run.target.length, run.done, 1);
  return (
    <div className="dagpy-RunProgress">
      <div className="dagpy-RunProgress-line">
        <span className="dagpy-RunProgress-text" title={trans.__('Asked for by %1', run.by)}>
          {run.isCancelling
            ? trans.__('Cancelling…')
            : trans.__('%1 of %2 · %3', run.done, total, clock((Date.now() - run.since) / 1000))}
        </span>
        <CommandButton
          commands={commands}
          id={CommandIds.cancel}
          icon={stopIcon}
          label={trans.__('Cancel')}
        />
      </div>
      <div
        className="dagpy-Progress"
        role="progressbar"
        aria-label={trans.__('Progress of the run')}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={run.done}
      >
        <div style={{ width: `${(100 * run.done) / total}%` }} />
      </div>
      {running.length > 0 && (
        <div className="dagpy-RunProgress-blocks" title={running.join('\n')}>
          {trans.__('Running %1', listing(running, trans, 2))}
        </div>
      )}
    </div>
  );
};

/** `9 blocks · 5 fresh · 3 to run · 1 failed`. */
export function summaryOf(view: ProjectView, trans: TranslationBundle): string {
  const { blocks } = view;
  const fresh = blocks.filter(({ state }) => state === 'fresh').length;
  const failed = blocks.filter(({ state }) => state === 'failed').length;
  const affected = affectedCount(view);
  return [
    trans._n('%1 block', '%1 blocks', blocks.length),
    fresh === blocks.length ? trans.__('all fresh') : fresh === 0 ? '' : trans.__('%1 fresh', fresh),
    affected === 0 || view.run !== null ? '' : trans.__('%1 to run', affected),
    failed === 0 ? '' : trans.__('%1 failed', failed),
  ]
    .filter(part => part !== '')
    .join(' · ');
}

const Summary = ({
  view,
  trans,
}: {
  readonly view: ProjectView;
  readonly trans: TranslationBundle;
}): ReactElement => {
  const saved = view.cache?.savedSeconds ?? 0;
  return (
    <div className="dagpy-Summary">
      <div role="status">{summaryOf(view, trans)}</div>
      {saved >= 1 && <div>{trans.__('stored results saved %1', roughly(saved, trans))}</div>}
      {view.isReadOnly && <div>{trans.__('This project can be looked at, not changed.')}</div>}
    </div>
  );
};
