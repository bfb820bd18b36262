/** The plugins of the extension, and nothing else. */
import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { kernelPlugin } from './plugins/kernel.js';
import { projectsPlugin } from './plugins/projects.js';
import { selectionPlugin } from './plugins/selection.js';

const plugins: JupyterFrontEndPlugin<unknown>[] = [projectsPlugin, selectionPlugin, kernelPlugin];

export default plugins;
