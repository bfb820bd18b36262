/** Commands of the panel's own view. Those that run and edit blocks are the same everywhere. */
import type { CommandRegistry } from '@lumino/commands';
import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon, searchIcon, type LabIcon } from '@jupyterlab/ui-components';
import { CommandIds } from '../commandIds.js';
import { dagFitIcon, dagHelpIcon, dagTurnIcon, zoomInIcon, zoomOutIcon } from '../icons.js';
import type { DagPanel } from '../widgets/dagPanel.js';
import { showKeys } from './help.js';

/** @param panelFor by its id, or the one in front */
export function addPanelCommands(
  commands: CommandRegistry,
  trans: TranslationBundle,
  panelFor: (id: string | undefined) => DagPanel | null,
): void {
  const add = (
    id: string,
    label: string,
    caption: string,
    icon: LabIcon,
    act: (panel: DagPanel) => unknown,
  ): void => {
    const panelOf = (args: { readonly panel?: unknown }): DagPanel | null =>
      panelFor(typeof args.panel === 'string' ? args.panel : undefined);
    commands.addCommand(id, {
      label,
      caption,
      icon,
      describedBy: {
        args: {
          type: 'object',
          properties: {
            panel: {
              type: 'string',
              description: trans.__('Id of the DAG panel; without it the one in front.'),
            },
          },
        },
      },
      isEnabled: args => panelOf(args) !== null,
      execute: args => {
        const panel = panelOf(args);
        return panel === null ? undefined : act(panel);
      },
    });
  };
  add(
    CommandIds.dagFit,
    trans.__('Show All'),
    trans.__('Fit the whole DAG into the panel'),
    dagFitIcon,
    panel => panel.showAll(),
  );
  add(CommandIds.dagZoomIn, trans.__('Nearer'), trans.__('Show less of the DAG, larger'), zoomInIcon, panel =>
    panel.zoomBy(1.4),
  );
  add(
    CommandIds.dagZoomOut,
    trans.__('Farther'),
    trans.__('Show more of the DAG, smaller'),
    zoomOutIcon,
    panel => panel.zoomBy(1 / 1.4),
  );
  add(
    CommandIds.dagTurn,
    trans.__('Turn the DAG'),
    trans.__('Lay it out from left to right, or from top to bottom'),
    dagTurnIcon,
    panel => panel.turn(),
  );
  add(
    CommandIds.dagSearch,
    trans.__('Search the DAG'),
    trans.__('Find blocks by name, tag or state'),
    searchIcon,
    panel => panel.focusSearch(),
  );
  add(
    CommandIds.dagExport,
    trans.__('Download the DAG as SVG'),
    trans.__('Save the picture of the whole DAG as a file'),
    downloadIcon,
    panel => panel.exportSvg(),
  );
  add(CommandIds.dagHelp, trans.__('Keys of the DAG'), trans.__('Show which keys do what'), dagHelpIcon, () =>
    showKeys(trans),
  );
}
