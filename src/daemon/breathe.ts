/** Long work in short pieces, so that a daemon answers others meanwhile: a look at a project of a thousand blocks takes seconds. */

import type { Pieces } from '../engine/index.js';

/** Called between two pieces; waits only now and then. */
export type Breathe = () => Promise<void> | undefined;

/** Of one piece. Who asks for something waits for several: its connection, its question, its answer. */
const PIECE_MILLISECONDS = 8;

/** @param now milliseconds */
export function createBreathe(now: () => number): Breathe {
  let began = now();
  return () => {
    if (now() - began < PIECE_MILLISECONDS) return undefined;
    return new Promise(resume =>
      setImmediate(() => {
        began = now();
        resume();
      }),
    );
  };
}

export async function inPieces<Value>(work: Pieces<Value>, breathe: Breathe | undefined): Promise<Value> {
  for (;;) {
    const piece = work.next();
    if (piece.done === true) return piece.value;
    const pause = breathe?.();
    if (pause !== undefined) await pause;
  }
}
