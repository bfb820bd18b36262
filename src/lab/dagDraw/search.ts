/** Finds blocks by what a person types: parts of names, `tag:model`, `state:failed`, `gives:df`. All words have to fit. */
import type { BlockView } from '../../protocol/resident/view.js';

type Searched = Pick<BlockView, 'id' | 'state' | 'tags' | 'exports' | 'notebook'>;

/** @returns ids in the order of `blocks`; none for an empty query */
export function search(blocks: readonly Searched[], query: string): readonly string[] {
  const words = query
    .split(/\s+/)
    .map(word => word.toLowerCase())
    .filter(word => word !== '');
  if (words.length === 0) return [];
  return blocks.filter(block => words.every(word => fits(block, word))).map(({ id }) => id);
}

function fits(block: Searched, word: string): boolean {
  const colon = word.indexOf(':');
  const wanted = word.slice(colon + 1);
  switch (colon < 0 ? '' : word.slice(0, colon)) {
    case 'tag':
      return fitsTag(block, wanted);
    case 'state':
      return block.state.startsWith(wanted);
    case 'gives':
      return block.exports.some(({ name }) => name.toLowerCase().includes(wanted));
    default:
      return (
        block.id.toLowerCase().includes(word) ||
        block.notebook.toLowerCase().includes(word) ||
        // A whole word, so that `fresh` finds what is fresh and `f` does not.
        block.state === word
      );
  }
}

/** `tag:kind=model`: that very tag; `tag:model`: a name or a value that begins so. */
function fitsTag({ tags }: Searched, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  return Object.entries(tags).some(([name, value]) => {
    const [key, held] = [name.toLowerCase(), value.toLowerCase()];
    return equals < 0
      ? key.startsWith(wanted) || held.startsWith(wanted)
      : key === wanted.slice(0, equals) && held.startsWith(wanted.slice(equals + 1));
  });
}
