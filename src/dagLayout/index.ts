/** Where blocks and edges are drawn. Pure: the same graph gives the same picture on every machine, in any view. */
export { layOut } from './layOut.js';
export { rails, UP, DOWN, LEFT, RIGHT, type RailRow } from './rails.js';
export type { Bend, Edge, Layout, LayoutGraph, Point, Route, Spacing } from './types.js';
