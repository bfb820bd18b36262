/** In which order notebooks are written that exchange cells. */
import type { NewText } from '../blockFiles.js';
import { parseNotebook } from '../notebooks/index.js';

/**
 * Whoever takes a cell comes before who gives it away, so that it is in one of them at any moment. Where two take cells
 * of each other there is no such order; the flow that they come from has them then.
 */
export function inSafeOrder(texts: readonly NewText[]): readonly NewText[] {
  if (texts.length < 2) return texts;
  const waiting = texts.map(text => ({ text, ...changesOf(text) }));
  const ordered: NewText[] = [];
  while (waiting.length > 0) {
    const isSafe = (one: (typeof waiting)[number]): boolean =>
      waiting.every(other => other === one || !other.gained.some(source => one.lost.includes(source)));
    const next = Math.max(0, waiting.findIndex(isSafe));
    ordered.push(...waiting.splice(next, 1).map(({ text }) => text));
  }
  return ordered;
}

/** Of these, notebooks that lose a cell which one of `takers` gets. */
export function giversTo(takers: readonly NewText[], texts: readonly NewText[]): readonly NewText[] {
  if (takers.length === 0) return [];
  const gained = new Set(takers.flatMap(taker => changesOf(taker).gained));
  return texts.filter(text => changesOf(text).lost.some(source => gained.has(source)));
}

/** Sources that a notebook has more often, and less often, than before. */
function changesOf({ before, text, file }: NewText): {
  readonly gained: readonly string[];
  readonly lost: readonly string[];
} {
  const [then, now] = [before === null ? [] : sourcesIn(before.text, file), sourcesIn(text, file)];
  const without = (some: readonly string[], others: readonly string[]): readonly string[] => {
    const left = [...others];
    return some.filter(source => {
      const place = left.indexOf(source);
      if (place >= 0) left.splice(place, 1);
      return place < 0;
    });
  };
  return { gained: without(now, then), lost: without(then, now) };
}

function sourcesIn(text: string, file: string): readonly string[] {
  const notebook = parseNotebook(text, file);
  return notebook.ok ? notebook.value.cells.map(({ source }) => source) : [];
}
