/** Where blocks and edges are drawn. Pure: the same graph gives the same picture on every machine, in any view. */
export { layOut } from './layOut.js';
export { placeLabels, type Label } from './picture/labels.js';
export { isLit } from './picture/lit.js';
export { LOOKS, STATES, type Look } from './picture/look.js';
export type { DrawnGraph, GraphEdgeParts } from './picture/model.js';
export { pathOf, pointOnLastStretch } from './picture/paths.js';
export {
  graphReport,
  NAME_SIZE,
  NODE_HEIGHT,
  nodeWidthFor,
  placed,
  REMARK_SIZE,
  spacingFor,
  TEXT_LEFT,
  TEXT_RIGHT,
} from './picture/placed.js';
export { LABEL_SIZE } from './picture/styleSheet.js';
export { drawSvg, type Drawing } from './picture/svg.js';
export {
  figuresOf,
  fitted,
  harmless,
  isWide,
  labelOf,
  reasonOf,
  reasonsOf,
  remarkOf,
  stateCounts,
  stateWords,
  variableLines,
  widthOf,
} from './picture/words.js';
export { rails, UP, DOWN, LEFT, RIGHT, type RailRow } from './rails.js';
export type { Bend, Direction, Edge, Layout, LayoutGraph, Point, Route, Spacing } from './types.js';
