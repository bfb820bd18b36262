/** Icons of this extension that Lab has none for. */
import { LabIcon } from '@jupyterlab/ui-components';

/** Three blocks, two of which get what the first one hands on. */
export const blocksIcon = new LabIcon({
  name: 'jupyterlab-dagpy:blocks',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161"><path d="M11 8.5h2v2.6h5.2c.5 0 .8.3.8.8v3h-2v-1.8h-4v0h-2v0H7v1.8H5v-3c0-.5.3-.8.8-.8H11z"/><rect x="8" y="2.5" width="8" height="6.5" rx="1.6"/><rect x="2" y="14.5" width="8" height="6.5" rx="1.6"/><rect x="14" y="14.5" width="8" height="6.5" rx="1.6"/></g></svg>',
});
