/** Trust in what is made of several notebooks. */
import { readOutputs, type Notebook } from './read.js';
import type { TrustKeeper } from './trust.js';

/** Whether what is made of several notebooks may be trusted: all of those that show anything are. */
export async function areTrusted(
  trust: Pick<TrustKeeper, 'wasTrusted'>,
  notebooks: readonly Notebook[],
): Promise<boolean> {
  const showing = notebooks.filter(notebook =>
    notebook.cells.some(cell => cell.type === 'code' && readOutputs(notebook, cell).outputs.length > 0),
  );
  const trusted = await trust.wasTrusted(showing.map(({ text }) => text));
  return trusted.every(each => each);
}
