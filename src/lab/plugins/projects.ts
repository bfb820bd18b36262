/** Connects the page to the daemon and keeps the current project that of the document in front. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { Connection } from '../connection.js';
import { Projects } from '../projects.js';
import { IProjects } from '../tokens.js';

export const projectsPlugin: JupyterFrontEndPlugin<IProjects> = {
  id: 'jupyterlab-dagpy:projects',
  description: 'Follows the DAGpy projects of this server.',
  autoStart: true,
  requires: [IDocumentManager],
  provides: IProjects,
  activate: (app: JupyterFrontEnd, documents: IDocumentManager): IProjects => {
    const connection = new Connection(app.serviceManager.serverSettings);
    const projects = new Projects(connection);
    let asked = 0;
    const look = async (): Promise<void> => {
      const widget = app.shell.currentWidget;
      const path = widget === null ? undefined : documents.contextForWidget(widget)?.path;
      if (path === undefined) return;
      const question = (asked += 1);
      const hold = await projects.find(path).catch(() => null);
      if (hold === null) return;
      if (question === asked) projects.setCurrent(hold);
      else hold.dispose();
    };
    app.shell.currentChanged?.connect(() => void look());
    projects.moved.connect(() => void look());
    connection.changed.connect(() => {
      if (connection.state === 'ready') void look();
    });
    void app.started.then(() => connection.open());
    return projects;
  },
};
