import { ReactWidget } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReactElement } from 'react';
import type { ProjectView } from '../../protocol/resident/view.js';
import type { BlockState } from '../../protocol/states.js';
import { CommandIds } from '../commandIds.js';
import { useRedraw } from '../sidebar/context.js';
import type { IProjects } from '../tokens.js';
import { StateGlyph } from './stateGlyph.js';

/** `DAG 3/9 · 1 failed · 2 stale`; while a run is on how far it is. */
export function statusText(view: ProjectView, trans: TranslationBundle): string {
  const count = (...states: readonly BlockState[]): number =>
    view.blocks.filter(({ state }) => states.includes(state)).length;
  const { run } = view;
  if (view.blocks.length === 0 && view.problems.length === 0) return trans.__('DAG: no blocks yet');
  const failed = count('failed');
  const stale = count('stale', 'affected');
  const never = count('never');
  return [
    trans.__('DAG %1/%2', count('fresh', 'frozen'), view.blocks.length),
    run === null ? '' : trans.__('running %1 of %2', run.done, Math.max(run.target.length, run.done)),
    failed === 0 ? '' : trans.__('%1 failed', failed),
    stale === 0 || run !== null ? '' : trans.__('%1 stale', stale),
    never === 0 || run !== null ? '' : trans.__('%1 never run', never),
    view.problems.length === 0 ? '' : trans._n('%1 problem', '%1 problems', view.problems.length),
  ]
    .filter(part => part !== '')
    .join(' · ');
}

/** The worst that there is, since that is what needs a person. */
function worstState(view: ProjectView): BlockState {
  if (view.run !== null) return 'running';
  const states = new Set(view.blocks.map(({ state }) => state));
  const order: readonly BlockState[] = ['failed', 'stale', 'never', 'affected', 'blocked'];
  return order.find(state => states.has(state)) ?? 'fresh';
}

/** How the current project stands; a click shows its blocks. */
export class StatusItem extends ReactWidget {
  constructor(
    private readonly commands: CommandRegistry,
    private readonly projects: IProjects,
    private readonly trans: TranslationBundle,
  ) {
    super();
    this.addClass('dagpy-StatusItem');
    this.addClass('jp-mod-highlighted');
  }

  protected render(): ReactElement {
    return <Status commands={this.commands} projects={this.projects} trans={this.trans} />;
  }
}

const Status = ({
  commands,
  projects,
  trans,
}: {
  readonly commands: CommandRegistry;
  readonly projects: IProjects;
  readonly trans: TranslationBundle;
}): ReactElement | null => {
  const { connection, current } = projects;
  useRedraw(projects.currentChanged, connection.changed, current?.changed);
  const view = current?.view ?? null;
  if (view === null) return null;
  const isDown = connection.state === 'down';
  return (
    <button
      type="button"
      title={trans.__('%1: show its blocks', view.name)}
      onClick={() => void commands.execute(CommandIds.showBlocks)}
    >
      {!isDown && view.blocks.length > 0 && <StateGlyph state={worstState(view)} size={12} />}
      <span>{isDown ? trans.__('DAG: not running') : statusText(view, trans)}</span>
    </button>
  );
};
