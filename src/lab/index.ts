/** The plugins of the extension, and nothing else. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { commandsPlugin } from './plugins/commands.js';
import { dagPanelPlugin } from './plugins/dagPanel.js';
import { kernelPlugin } from './plugins/kernel.js';
import { notebookPlugin } from './plugins/notebook.js';
import { noticesPlugin } from './plugins/notices.js';
import { projectsPlugin } from './plugins/projects.js';
import { selectionPlugin } from './plugins/selection.js';
import { sidebarPlugin } from './plugins/sidebar.js';
import { statusPlugin } from './plugins/status.js';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  projectsPlugin,
  selectionPlugin,
  commandsPlugin,
  sidebarPlugin,
  statusPlugin,
  noticesPlugin,
  kernelPlugin,
  dagPanelPlugin,
  notebookPlugin,
];

export default plugins;
