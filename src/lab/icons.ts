/** Icons of this extension that Lab has none for. */
import { LabIcon } from '@jupyterlab/ui-components';

/** Three blocks, two of which get what the first one hands on. */
export const blocksIcon = new LabIcon({
  name: 'jupyterlab-dagpy:blocks',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><g class="jp-icon3" fill="#616161"><path d="M11 8.5h2v2.6h5.2c.5 0 .8.3.8.8v3h-2v-1.8h-4v0h-2v0H7v1.8H5v-3c0-.5.3-.8.8-.8H11z"/><rect x="8" y="2.5" width="8" height="6.5" rx="1.6"/><rect x="2" y="14.5" width="8" height="6.5" rx="1.6"/><rect x="14" y="14.5" width="8" height="6.5" rx="1.6"/></g></svg>',
});

const stroked = (name: string, way: string): LabIcon =>
  new LabIcon({
    name: `jupyterlab-dagpy:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><path class="jp-icon3" style="fill:none" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="${way}"/></svg>`,
  });

/** Arrows into the four corners. */
export const dagFitIcon = stroked('fit', 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5');
export const zoomInIcon = stroked('zoom-in', 'M12 5v14M5 12h14');
export const zoomOutIcon = stroked('zoom-out', 'M5 12h14');
/** From above to the right. */
export const dagTurnIcon = stroked('turn', 'M6 4v8a4 4 0 0 0 4 4h9M15 12l4 4-4 4');
export const dagHelpIcon = stroked('help', 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 18v.01');

/** Everything above, up to the block. */
export const runUpstreamIcon = new LabIcon({
  name: 'jupyterlab-dagpy:run-upstream',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M20 6v12l-8.5-6zM11.5 6v12L3 12z"/></svg>',
});
