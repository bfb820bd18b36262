/** The plugins of the extension, and nothing else. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { projectsPlugin } from './plugins/projects.js';
import { selectionPlugin } from './plugins/selection.js';

const plugins: JupyterFrontEndPlugin<unknown>[] = [projectsPlugin, selectionPlugin];

export default plugins;
