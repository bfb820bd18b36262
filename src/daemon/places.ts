/** Where cells stand, as a person counts them in the notebook: reasons name them so, like every other message. */
import type { LoadedProject } from './loadProject.js';

export function withPlaces(loaded: LoadedProject): LoadedProject {
  const blocks = new Map(
    [...loaded.blocks].map(([id, block]) => {
      const places = block.codeCells.map(index => index + 1);
      return [id, { ...block, snapshot: { ...block.snapshot, places } }] as const;
    }),
  );
  return {
    ...loaded,
    blocks,
    snapshot: { ...loaded.snapshot, blocks: [...blocks.values()].map(block => block.snapshot) },
  };
}
