/** The visual words of the product: one per state, and the reasons behind them. */

export type BlockState =
  'never' | 'fresh' | 'stale' | 'affected' | 'queued' | 'running' | 'failed' | 'blocked' | 'frozen';

export type ReasonKind =
  | 'never-run'
  | 'code'
  | 'input'
  | 'file'
  | 'module'
  | 'package'
  | 'environment'
  | 'parameter'
  | 'filter'
  | 'failed'
  | 'forced'
  | 'untracked'
  | 'external'
  | 'cache-missing';

export interface Reason {
  readonly kind: ReasonKind;
  /** In words: *cell 2 changed*, *input df of clean changed*, *waits for model*. */
  readonly detail: string;
}
