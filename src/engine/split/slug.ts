/** Names of blocks made from headings: safe in file systems and in shells. */
import { type BlockId, blockId } from '../../protocol/ids.js';

const LONGEST = 40;
/** Windows has no files of these names. */
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/** Letters that have no decomposition. */
const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ı: 'i', ħ: 'h' }),
);

/** `[a-z0-9-]`, at most 40 characters; empty where nothing of the text can be written so. */
export function slug(text: string): string {
  const ascii = [...text.toLowerCase().normalize('NFKD')]
    .map(letter => LETTERS.get(letter) ?? letter)
    .join('');
  const words = ascii
    .replace(/[\u0300-\u036f'’]/g, '')
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '');
  let found = '';
  for (const word of words) {
    const longer = found === '' ? word : `${found}-${word}`;
    if (longer.length > LONGEST) break;
    found = longer;
  }
  found ||= (words[0] ?? '').slice(0, LONGEST);
  return RESERVED.test(found) ? `${found}-block` : found;
}

/** One id a title, all different: `block-3` where the title gives none, `-2` where it is taken. */
export function blockIds(titles: readonly (string | null)[]): readonly BlockId[] {
  const taken = new Set<string>();
  return titles.map((title, index) => {
    const base = slug(title ?? '') || `block-${String(index + 1)}`;
    let id = base;
    for (let count = 2; taken.has(id); count++) {
      const ending = `-${String(count)}`;
      id = base.slice(0, LONGEST - ending.length).replace(/-+$/, '') + ending;
    }
    taken.add(id);
    return blockId(id);
  });
}
