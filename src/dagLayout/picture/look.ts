/** One colour and one shape a state, the same in every picture. */
import type { BlockState } from '../../protocol/states.js';
import { STATE_SHAPES } from '../../protocol/stateShapes.js';

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
    shape: STATE_SHAPES.fresh,
  },
  stale: {
    ink: AMBER,
    tint: '#fff3d6',
    sign: '◆',
    ascii: '*',
    shape: STATE_SHAPES.stale,
  },
  affected: {
    ink: AMBER,
    tint: '#fff9ec',
    sign: '◇',
    ascii: '~',
    shape: STATE_SHAPES.affected,
  },
  queued: {
    ink: ['#d9b100', '#fdd835'],
    tint: '#fffbe0',
    sign: '•',
    ascii: '.',
    shape: STATE_SHAPES.queued,
  },
  running: {
    ink: ['#1976d2', '#64b5f6'],
    tint: '#e5f1fc',
    sign: '◐',
    ascii: '>',
    shape: STATE_SHAPES.running,
  },
  failed: {
    ink: ['#d32f2f', '#ef5350'],
    tint: '#fdeaea',
    sign: '■',
    ascii: 'x',
    shape: STATE_SHAPES.failed,
  },
  never: {
    ink: GREY,
    tint: '#f7f7f7',
    sign: '○',
    ascii: 'o',
    shape: STATE_SHAPES.never,
  },
  blocked: {
    ink: GREY,
    tint: '#eeeeee',
    sign: '⊘',
    ascii: '-',
    shape: STATE_SHAPES.blocked,
  },
  frozen: {
    ink: ['#5b7c99', '#90b4d0'],
    tint: '#edf2f6',
    sign: '❄',
    ascii: '#',
    shape: STATE_SHAPES.frozen,
  },
};

export const STATES = Object.keys(LOOKS) as readonly BlockState[];
