/** Connects the page to the daemon and keeps the current project that of the document in front, else of the folder that is
 * looked through. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { Connection } from '../connection.js';
import { Projects } from '../projects.js';
import { IProjects } from '../tokens.js';

export const projectsPlugin: JupyterFrontEndPlugin<IProjects> = {
  id: 'jupyterlab-dagpy:projects',
  description: 'Follows the DAGpy projects of this server.',
  autoStart: true,
  requires: [IDocumentManager],
  optional: [IDefaultFileBrowser],
  provides: IProjects,
  activate: (
    app: JupyterFrontEnd,
    documents: IDocumentManager,
    browser: IDefaultFileBrowser | null,
  ): IProjects => {
    const connection = new Connection(app.serviceManager.serverSettings);
    const projects = new Projects(connection);
    let asked = 0;
    /** What may tell the project: the document in front, then the folder that is looked through. */
    const places = (): readonly string[] => {
      const widget = app.shell.currentWidget;
      const path = widget === null ? undefined : documents.contextForWidget(widget)?.path;
      const folder = browser?.model.path;
      // Real-time collaboration may put the name of a drive before a path.
      const { contents } = app.serviceManager;
      return [path, folder === undefined ? undefined : PathExt.join(folder, 'dag.json')]
        .filter(place => place !== undefined)
        .map(place => contents.localPath(place));
    };
    const look = async (): Promise<void> => {
      const question = (asked += 1);
      for (const place of places()) {
        const hold = await projects.find(place).catch(() => null);
        if (hold === null) continue;
        if (question === asked) projects.setCurrent(hold);
        else hold.dispose();
        return;
      }
    };
    app.shell.currentChanged?.connect(() => void look());
    browser?.model.pathChanged.connect(() => void look());
    projects.moved.connect(() => void look());
    connection.changed.connect(() => {
      if (connection.state === 'ready') void look();
    });
    void app.started.then(() => connection.open());
    return projects;
  },
};
