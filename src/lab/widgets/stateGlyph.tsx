import type { ReactElement } from 'react';
import type { BlockState } from '../../protocol/states.js';
import { glyphClass, glyphShape } from '../stateGlyph.js';

/** The sign of a state; what it means stands beside it in words. */
export const StateGlyph = ({
  state,
  size = 16,
}: {
  readonly state: BlockState;
  readonly size?: number;
}): ReactElement => (
  <svg
    className={glyphClass(state)}
    viewBox="-8 -8 16 16"
    width={size}
    height={size}
    aria-hidden="true"
    focusable="false"
    dangerouslySetInnerHTML={{ __html: glyphShape(state) }}
  />
);
