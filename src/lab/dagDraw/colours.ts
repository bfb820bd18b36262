/** Colours of the theme that is in force, for what is painted on a canvas. */
import type { BlockState } from '../../protocol/states.js';

export interface Colours {
  readonly box: string;
  readonly line: string;
  readonly edge: string;
  readonly lit: string;
  readonly text: string;
  readonly font: string;
  of(state: BlockState): string;
}

/** @param element in the panel: the panel's own colours reach it */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  const stale = value('--dagpy-stale');
  const states: Readonly<Record<BlockState, string>> = {
    never: value('--dagpy-never'),
    fresh: value('--dagpy-fresh'),
    stale,
    affected: stale,
    queued: value('--dagpy-queued'),
    running: value('--dagpy-running'),
    failed: value('--dagpy-failed'),
    blocked: value('--dagpy-blocked'),
    frozen: value('--dagpy-frozen'),
  };
  return {
    box: value('--dagpy-dag-box'),
    line: value('--dagpy-dag-line'),
    edge: value('--dagpy-dag-edge'),
    lit: stale,
    text: value('--dagpy-dag-text'),
    font: style.fontFamily,
    of: state => states[state],
  };
}
