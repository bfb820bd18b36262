/** One shape a state, in every picture: terminal exports, sidebar, notebook, DAG panel. */
import type { BlockState } from './states.js';

/**
 * SVG within -7 … 7. The classes `ink` (filled), `line` (stroked), `cut` (of the ground's colour), `faint` and `turn` (what
 * turns while a block runs) leave colours and motion to a style sheet.
 */
export const STATE_SHAPES: { readonly [State in BlockState]: string } = {
  fresh: '<circle class="ink" r="6.5"/><path class="cut" d="M-3 .2l2.1 2.2 4-4.6"/>',
  stale: '<path class="ink" d="M0-7 7 0 0 7-7 0z"/>',
  affected: '<path class="line" d="M0-6 6 0 0 6-6 0z"/>',
  queued: '<circle class="line" r="5.8"/><circle class="ink" r="2.4"/>',
  running: '<circle class="line faint" r="5.5"/><path class="line turn" d="M0-5.5A5.5 5.5 0 0 1 0 5.5"/>',
  failed:
    '<rect class="ink" x="-6.5" y="-6.5" width="13" height="13" rx="2"/><path class="cut" d="M-3-3 3 3M3-3-3 3"/>',
  never: '<circle class="line" r="5.8" stroke-dasharray="2.6 1.9"/>',
  blocked: '<circle class="ink" r="6.5"/><path class="cut" d="M-3.5 0h7"/>',
  frozen:
    '<path class="line" d="M0-6.5V6.5M-5.6-3.2 5.6 3.2M-5.6 3.2 5.6-3.2M-1.8-5.6 0-3.9 1.8-5.6M-1.8 5.6 0 3.9 1.8 5.6"/>',
};
