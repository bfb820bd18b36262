/** The line of an edge, as the `d` of an SVG path. */
import type { Bend, Direction, Point, Route } from '../types.js';

export const tenth = (value: number): number => Math.round(value * 10) / 10;

/** Leaves and enters every layer straight. */
export function pathOf(route: Route, direction: Direction): string {
  // Worked out downwards; to the right, x and y change places.
  const isDown = direction === 'down';
  const text = (across: number, along: number): string =>
    isDown
      ? `${String(tenth(across))} ${String(tenth(along))}`
      : `${String(tenth(along))} ${String(tenth(across))}`;
  const straight = isDown ? 'V' : 'H';
  const start = alongOf(route.start, isDown);
  let { lane, along } = start;
  let way = `M${text(lane, along)}`;
  const to = (nextLane: number, nextAlong: number): void => {
    if (Math.abs(nextLane - lane) < 0.1) way += `${straight}${String(tenth(nextAlong))}`;
    else {
      const middle = (along + nextAlong) / 2;
      way += `C${text(lane, middle)} ${text(nextLane, middle)} ${text(nextLane, nextAlong)}`;
    }
    lane = nextLane;
    along = nextAlong;
  };
  for (const bend of route.bends) {
    to(bend.lane, bend.begin);
    way += `${straight}${String(tenth(bend.end))}`;
    along = bend.end;
  }
  const end = alongOf(route.end, isDown);
  to(end.lane, end.along);
  return way;
}

const alongOf = ({ x, y }: Point, isDown: boolean): { readonly lane: number; readonly along: number } =>
  isDown ? { lane: x, along: y } : { lane: y, along: x };

/** A place on the last stretch of an edge, from 0 at its beginning to 1 at the child. */
export function pointOnLastStretch(route: Route, direction: Direction, part: number): Point {
  const isDown = direction === 'down';
  const last: Bend | undefined = route.bends[route.bends.length - 1];
  const from = last === undefined ? alongOf(route.start, isDown) : { lane: last.lane, along: last.end };
  const end = alongOf(route.end, isDown);
  const middle = (from.along + end.along) / 2;
  const lane = bezier(from.lane, from.lane, end.lane, end.lane, part);
  const along = bezier(from.along, middle, middle, end.along, part);
  return isDown ? { x: lane, y: along } : { x: along, y: lane };
}

function bezier(a: number, b: number, c: number, d: number, part: number): number {
  const rest = 1 - part;
  return a * rest ** 3 + 3 * b * rest ** 2 * part + 3 * c * rest * part ** 2 + d * part ** 3;
}
