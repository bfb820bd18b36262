/** What keys mean on the picture. */
import type { Direction } from '../../dagLayout/index.js';
import type { Move } from './moves.js';

export type KeyIntent =
  | { readonly kind: 'move'; readonly move: Move; readonly isAdding: boolean }
  | { readonly kind: 'open' | 'toggle' | 'run' | 'remove' | 'rename' | 'add' | 'branch' | 'menu' }
  | { readonly kind: 'search' | 'fit' | 'help' | 'explain' | 'link' | 'edge' | 'leave' | 'all' }
  | { readonly kind: 'undo' | 'redo' | 'zoomIn' | 'zoomOut' | 'actualSize' };

type Pressed = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

const MOVES: Readonly<Record<string, Move>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last',
};

const PLAIN: Readonly<Record<string, Exclude<KeyIntent['kind'], 'move'>>> = {
  Enter: 'open',
  ' ': 'toggle',
  r: 'run',
  Delete: 'remove',
  Backspace: 'remove',
  F2: 'rename',
  a: 'add',
  b: 'branch',
  '/': 'search',
  f: 'fit',
  '?': 'help',
  w: 'explain',
  l: 'link',
  e: 'edge',
  Escape: 'leave',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '0': 'actualSize',
};

/** @returns `null`: the key is somebody else's */
export function intentOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Pressed): KeyIntent | null {
  if (altKey) return null;
  if (ctrlKey || metaKey) {
    if (key === 'z' || key === 'Z') return { kind: shiftKey ? 'redo' : 'undo' };
    if (key === 'y') return { kind: 'redo' };
    if (key === 'a') return { kind: 'all' };
    return null;
  }
  const move = MOVES[key];
  if (move !== undefined) return { kind: 'move', move, isAdding: shiftKey };
  if (key === 'F10' && shiftKey) return { kind: 'menu' };
  if (key === 'ContextMenu') return { kind: 'menu' };
  const kind = PLAIN[key];
  return kind === undefined ? null : { kind };
}

/** The direction in which a picture of this shape is read best where it lies. */
export const fittingDirection = (width: number, height: number): Direction =>
  height > 0 && height < 320 && width > 2 * height ? 'right' : 'down';
