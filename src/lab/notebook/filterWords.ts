/** Filters as headers of flows say them. */
import type { FilterView } from '../../protocol/resident/view.js';

export const filterWordsOf = (filter: FilterView): readonly string[] =>
  filter.kind === 'names' ? filter.patterns : [filter.kind];
