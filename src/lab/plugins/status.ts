/** How the current project stands, in the status bar. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Signal } from '@lumino/signaling';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IProjects } from '../tokens.js';
import { StatusItem } from '../widgets/statusItem.js';

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-dagpy:status',
  description: 'Shows in the status bar how the current DAGpy project stands.',
  autoStart: true,
  requires: [IProjects],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    projects: IProjects,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyterlab-dagpy');
    const changed = new Signal<IProjects, void>(projects);
    projects.currentChanged.connect(() => changed.emit());
    statusBar?.registerStatusItem('jupyterlab-dagpy:status', {
      item: new StatusItem(app.commands, projects, trans),
      align: 'left',
      rank: 4,
      isActive: () => projects.current !== null,
      activeStateChanged: changed,
    });
  },
};
