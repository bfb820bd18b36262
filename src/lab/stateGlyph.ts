/** The sign of a state, as SVG for React, for d3 and for plain elements; colours and motion are in `style/states.css`. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { BlockState } from '../protocol/states.js';
import { STATE_SHAPES } from '../protocol/stateShapes.js';

/** Class of the element that holds a shape: an `<svg>`, or a `<g>` of a larger picture, 14 units wide around its origin. */
export const glyphClass = (state: BlockState): string => `dagpy-glyph dagpy-is-${state}`;

/** What goes into an element of `glyphClass`. */
export const glyphShape = (state: BlockState): string => STATE_SHAPES[state];

/** A whole `<svg>`, hidden from screen readers: the state stands beside it in words. */
export const stateGlyph = (state: BlockState, size = 16): string =>
  `<svg class="${glyphClass(state)}" viewBox="-8 -8 16 16" width="${size}" height="${size}" aria-hidden="true" focusable="false">${glyphShape(state)}</svg>`;

/** `fresh`, `never run`. */
export function stateWord(state: BlockState, trans: TranslationBundle): string {
  switch (state) {
    case 'never':
      return trans.__('never run');
    case 'fresh':
      return trans.__('fresh');
    case 'stale':
      return trans.__('stale');
    case 'affected':
      return trans.__('affected');
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'failed':
      return trans.__('failed');
    case 'blocked':
      return trans.__('blocked');
    case 'frozen':
      return trans.__('frozen');
  }
}
