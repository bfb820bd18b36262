/** The drawing as pixels: sharp on today's screens, and never larger than viewers can open. */
import { rasterise } from '../../adapters/rasterise.js';
import type { Drawing } from '../../dagLayout/index.js';
import type { Result } from '../../protocol/problem.js';

const PIXELS_PER_PIXEL = 2;
const LONGEST_SIDE = 24_000;
const MOST_PIXELS = 32_000_000;

/** @param python DAGpy's own */
export function drawPng(python: string, { svg, width, height }: Drawing): Result<Uint8Array> {
  return rasterise(python, svg, zoomFor(width, height));
}

export const zoomFor = (width: number, height: number): number =>
  Math.min(
    PIXELS_PER_PIXEL,
    LONGEST_SIDE / Math.max(width, height),
    Math.sqrt(MOST_PIXELS / (width * height)),
  );
