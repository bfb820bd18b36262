/** What the parts of the sidebar work with. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import { useEffect, useReducer } from 'react';
import type { IBlockSelection, IProjects } from '../tokens.js';

export interface SidebarContext {
  readonly commands: CommandRegistry;
  readonly projects: IProjects;
  readonly selection: IBlockSelection;
  readonly trans: TranslationBundle;
  /** Path of the document in front where it is a notebook. */
  readonly notebookPath: () => string | null;
  /** The context menu is about to close. */
  readonly menuCloses: ISignal<unknown, unknown>;
  /** Another document is in front. */
  readonly moved: ISignal<unknown, unknown>;
}

/** Draws again after any of the signals, once a frame at most: a run can tell a lot at once. */
export function useRedraw(...signals: readonly (ISignal<unknown, unknown> | undefined)[]): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    let frame = 0;
    const slot = (): void => {
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        redraw();
      });
    };
    for (const signal of signals) signal?.connect(slot);
    // Something may have happened since what is drawn now was looked at.
    slot();
    return () => {
      cancelAnimationFrame(frame);
      for (const signal of signals) signal?.disconnect(slot);
    };
    // The number of signals is fixed for each caller.
  }, signals);
}

/** Draws again every second while `isOn`. */
export function useSeconds(isOn: boolean): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(redraw, 1000);
    return () => clearInterval(timer);
  }, [isOn]);
}
