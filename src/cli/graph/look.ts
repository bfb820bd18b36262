/** One colour and one shape a state, the same in every picture. */
import type { BlockState } from '../../protocol/states.js';

export interface Look {
  /** On light ground, on dark ground. */
  readonly ink: readonly [light: string, dark: string];
  /** A tint of it for the ground of a block. */
  readonly tint: string;
  /** For formats without drawings, which show text only. */
  readonly sign: string;
  /** For terminals that know ASCII only. */
  readonly ascii: string;
  /** Shape within -7 … 7; the classes `ink` (filled), `line` (stroked) and `cut` (of the ground's colour) give colours. */
  readonly shape: string;
}

const AMBER = ['#f0a30a', '#ffca28'] as const;
const GREY = ['#8a8a8a', '#8f8f8f'] as const;

export const LOOKS: { readonly [State in BlockState]: Look } = {
  fresh: {
    ink: ['#2e7d32', '#66bb6a'],
    tint: '#eaf5eb',
    sign: '✓',
    ascii: '+',
    shape: '<circle class="ink" r="6.5"/><path class="cut" d="M-3 .2l2.1 2.2 4-4.6"/>',
  },
  stale: {
    ink: AMBER,
    tint: '#fff3d6',
    sign: '◆',
    ascii: '*',
    shape: '<path class="ink" d="M0-7 7 0 0 7-7 0z"/>',
  },
  affected: {
    ink: AMBER,
    tint: '#fff9ec',
    sign: '◇',
    ascii: '~',
    shape: '<path class="line" d="M0-6 6 0 0 6-6 0z"/>',
  },
  queued: {
    ink: ['#d9b100', '#fdd835'],
    tint: '#fffbe0',
    sign: '•',
    ascii: '.',
    shape: '<circle class="line" r="5.8"/><circle class="ink" r="2.4"/>',
  },
  running: {
    ink: ['#1976d2', '#64b5f6'],
    tint: '#e5f1fc',
    sign: '◐',
    ascii: '>',
    shape: '<circle class="line faint" r="5.5"/><path class="line" d="M0-5.5A5.5 5.5 0 0 1 0 5.5"/>',
  },
  failed: {
    ink: ['#d32f2f', '#ef5350'],
    tint: '#fdeaea',
    sign: '■',
    ascii: 'x',
    shape:
      '<rect class="ink" x="-6.5" y="-6.5" width="13" height="13" rx="2"/><path class="cut" d="M-3-3 3 3M3-3-3 3"/>',
  },
  never: {
    ink: GREY,
    tint: '#f7f7f7',
    sign: '○',
    ascii: 'o',
    shape: '<circle class="line" r="5.8" stroke-dasharray="2.6 1.9"/>',
  },
  blocked: {
    ink: GREY,
    tint: '#eeeeee',
    sign: '⊘',
    ascii: '-',
    shape: '<circle class="ink" r="6.5"/><path class="cut" d="M-3.5 0h7"/>',
  },
  frozen: {
    ink: ['#5b7c99', '#90b4d0'],
    tint: '#edf2f6',
    sign: '❄',
    ascii: '#',
    shape:
      '<path class="line" d="M0-6.5V6.5M-5.6-3.2 5.6 3.2M-5.6 3.2 5.6-3.2M-1.8-5.6 0-3.9 1.8-5.6M-1.8 5.6 0 3.9 1.8 5.6"/>',
  },
};

export const STATES = Object.keys(LOOKS) as readonly BlockState[];
