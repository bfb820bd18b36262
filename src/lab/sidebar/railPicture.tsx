/** The rails of one row, as in the graph of commits: parents' lanes bend into the block, its own goes on below it. */
import type { ReactElement } from 'react';
import { DOWN, LEFT, RIGHT, UP, type RailRow } from '../../dagLayout/index.js';
import type { BlockState } from '../../protocol/states.js';
import { glyphClass, glyphShape } from '../stateGlyph.js';

export const LANE_WIDTH = 14;
/** Further lanes are out of sight. */
const MOST_LANES = 7;
const FIRST = 16;

const xOf = (lane: number): number => FIRST + Math.min(lane, MOST_LANES - 1) * LANE_WIDTH;

/** Width that the rails of a list take. */
export const railWidth = (rows: readonly { readonly rail: RailRow | null }[]): number =>
  xOf(rows.reduce((most, { rail }) => Math.max(most, rail?.column ?? 0), 0)) + 14;

export const RailPicture = ({
  rail,
  state,
  width,
  height,
}: {
  readonly rail: RailRow | null;
  readonly state: BlockState;
  readonly width: number;
  readonly height: number;
}): ReactElement => {
  const column = xOf(rail?.column ?? 0);
  return (
    <svg className="dagpy-Rails" width={width} height={height} aria-hidden="true" focusable="false">
      {rail !== null && <path className="dagpy-Rails-lines" d={linesOf(rail, height)} />}
      <g
        className={glyphClass(state)}
        transform={`translate(${column} ${height / 2})`}
        dangerouslySetInnerHTML={{ __html: `<circle class="dagpy-Rails-ground" r="9"/>${glyphShape(state)}` }}
      />
    </svg>
  );
};

function linesOf({ column, cells }: RailRow, height: number): string {
  const middle = height / 2;
  const own = xOf(column);
  return cells
    .map((marks, lane) => {
      const x = xOf(lane);
      // Lanes that are out of sight lie on top of each other.
      if (lane >= MOST_LANES && lane !== column) return '';
      if (lane === column)
        return `${marks & UP ? `M${x} 0V${middle}` : ''}${marks & DOWN ? `M${x} ${middle}V${height}` : ''}`;
      const isParent = (marks & UP) !== 0 && (marks & (LEFT | RIGHT)) !== 0;
      const bend = isParent ? `M${x} 0C${x} ${middle * 0.8} ${own} ${middle * 0.3} ${own} ${middle}` : '';
      const isThrough = (marks & UP) !== 0 && (marks & DOWN) !== 0;
      return `${bend}${isThrough ? `M${x} 0V${height}` : ''}`;
    })
    .join('');
}
