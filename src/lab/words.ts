/** What views say about blocks, in the language of the person: one wording for sidebar, notebook and panel. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { BlockView } from '../protocol/resident/view.js';
import { stateWord } from './stateGlyph.js';

/** `7 ms`, `0.42 s`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number, trans: TranslationBundle): string {
  if (seconds < 0.0095) return trans.__('%1 ms', Math.max(1, Math.round(seconds * 1000)));
  if (seconds < 10) return trans.__('%1 s', seconds.toFixed(seconds < 1 ? 2 : 1));
  if (seconds < 90) return trans.__('%1 s', Math.round(seconds));
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 90) return trans.__('%1 min %2 s', minutes, whole % 60);
  return trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
}

/** No more exact than what adds up over days or is only estimated: `9 s`, `41 min`, `2.5 h`. */
export function roughly(seconds: number, trans: TranslationBundle): string {
  if (seconds < 90) return trans.__('%1 s', Math.max(1, Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? trans.__('%1 min', minutes)
    : trans.__('%1 h', (seconds / 3600).toFixed(1).replace(/\.0$/, ''));
}

/** An estimate: `about 9 s`. */
export const about = (seconds: number, trans: TranslationBundle): string =>
  seconds < 1 ? trans.__('less than a second') : trans.__('about %1', roughly(seconds, trans));

/** `00:12`, `1:02:05`: how long something has been going on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number): string => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}

/** `load, clean and 3 more`. */
export function listing(names: readonly string[], trans: TranslationBundle, most = 3): string {
  if (names.length > most)
    return trans.__('%1 and %2 more', names.slice(0, most).join(', '), names.length - most);
  if (names.length < 2) return names.join('');
  return trans.__('%1 and %2', names.slice(0, -1).join(', '), names[names.length - 1]);
}

/** Every reason once; empty where the state says it all. */
export const reasonsOf = ({ state, reasons }: Pick<BlockView, 'state' | 'reasons'>): readonly string[] => [
  ...new Set(
    reasons.map(({ detail }) => detail).filter(detail => !(state === 'never' && detail === 'never run')),
  ),
];

/** The line under a name: how far it is, the first reason and how many others there are, else the state. */
export function reasonText(block: BlockView, trans: TranslationBundle): string {
  const { state, progress, failure } = block;
  if (state === 'running' && progress !== null && progress.cells > 0)
    return trans.__('cell %1 of %2', Math.min(progress.done + 1, progress.cells), progress.cells);
  if (state === 'failed' && failure !== null) return failureText(failure, trans);
  // It has values and no run made them: that comes before why it will run.
  if (block.isLocal && (state === 'never' || state === 'stale'))
    return trans.__('local, until a run confirms it');
  const [first, ...others] = reasonsOf(block);
  if (first !== undefined) return others.length === 0 ? first : trans.__('%1 (+%2)', first, others.length);
  if (state === 'fresh' && block.lastRun === 'restored') return trans.__('restored');
  return stateWord(state, trans);
}

/** `KeyError in cell 4`. */
export function failureText(
  { message, cell }: { readonly message: string; readonly cell: number | null },
  trans: TranslationBundle,
): string {
  const [first = ''] = message.split('\n');
  if (cell === null) return first;
  // `KeyError: 'age'` has a name worth its place; what it says in full stands in the notebook.
  const name = /^[A-Za-z_][\w.]*(?=:|$)/.exec(first)?.[0];
  return name === undefined ? first : trans.__('%1 in cell %2', name, cell);
}

/** For screen readers: `clean, stale: cell 2 changed`. */
export function blockLabel(block: BlockView, trans: TranslationBundle): string {
  const state = stateWord(block.state, trans);
  const reason = reasonText(block, trans);
  return reason === state
    ? trans.__('%1, %2', block.id, state)
    : trans.__('%1, %2: %3', block.id, state, reason);
}
