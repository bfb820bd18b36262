/**
 * Blocks and edges on canvases, for pictures too large for an element each, and while the view moves. One sheet holds what
 * is in view as sharp as the screen; the other one the whole picture, for where the view moves faster than that can be
 * painted.
 */
import { coloursOf, type Colours } from './colours.js';
import { covers, grown, visibleBox, type Viewport } from './detail.js';
import { paint, type Painted } from './paint.js';
import { wholeOf } from './places.js';
import type { Box, Picture } from './scene.js';
import { Sheet } from './sheet.js';

/** Of the width and height of the view, on each side: what comes into view before the next painting. */
const MARGIN = 0.3;
/** Enlarged further than this, a sheet is seen to be blurred even while it moves. */
const MOST_ENLARGED = 2.5;
/** What marks at the rim need. */
const RIM = 8;
const WHOLE_PIXELS = 3e6;
const WHOLE_SIDE = 4096;
const REST_MILLISECONDS = 300;

export class FarPicture {
  readonly element = document.createElement('div');
  private readonly sharp = new Sheet();
  private readonly whole = new Sheet();
  private painted: Painted | null = null;
  private colours: Colours | null = null;
  private isSharpOld = true;
  private isWholeOld = true;
  private wholePicture: Picture | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element.className = 'dagpy-dag-far';
    this.element.setAttribute('aria-hidden', 'true');
    this.element.append(this.whole.element, this.sharp.element);
  }

  /** What it holds from now on; painted when it is shown. */
  update(painted: Painted): void {
    const before = this.painted;
    if (
      before !== null &&
      before.scene === painted.scene &&
      before.found === painted.found &&
      before.isEdgesOnly === painted.isEdgesOnly
    )
      return;
    this.painted = painted;
    this.isSharpOld = true;
    if (before === null || before.scene !== painted.scene || before.found !== painted.found)
      this.isWholeOld = true;
  }

  /** Colours are others. */
  forgetColours(): void {
    this.colours = null;
    this.isSharpOld = true;
    this.isWholeOld = true;
  }

  /** The view stands still. */
  rest(viewport: Viewport): void {
    const { sharp, painted } = this;
    if (painted === null) return;
    if (this.isSharpOld || sharp.scale !== viewport.scale || !this.isCovered(sharp, viewport, painted))
      this.sharpen(viewport, painted);
    this.show(sharp, viewport);
    this.prepareSoon();
  }

  /** The view moves; called in every frame. */
  follow(viewport: Viewport): void {
    clearTimeout(this.timer);
    const { sharp, whole, painted } = this;
    if (painted === null) return;
    const isSharp =
      !this.isSharpOld &&
      viewport.scale <= sharp.scale * MOST_ENLARGED &&
      this.isCovered(sharp, viewport, painted);
    const isWhole =
      this.wholePicture === painted.scene.picture &&
      !painted.isEdgesOnly &&
      viewport.scale <= whole.scale * MOST_ENLARGED;
    if (!isSharp && isWhole) {
      this.show(whole, viewport);
      return;
    }
    if (!isSharp) this.sharpen(viewport, painted);
    this.show(sharp, viewport);
  }

  /** Paints the whole picture when nothing else goes on: the next movement may need it. */
  prepareSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.prepare(), REST_MILLISECONDS);
  }

  hide(): void {
    this.sharp.show(false);
    this.whole.show(false);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.sharp.clear();
    this.whole.clear();
  }

  private prepare(): void {
    const { painted } = this;
    if (painted === null || painted.isEdgesOnly || !this.isWholeOld) return;
    const { picture } = painted.scene;
    const area = framed(wholeOf(picture));
    const [width, height] = [area.right - area.left, area.bottom - area.top];
    const scale = Math.min(
      1,
      Math.sqrt(WHOLE_PIXELS / (width * height)),
      WHOLE_SIDE / Math.max(width, height),
    );
    this.whole.draw(area, scale, 1, context => paint(context, painted, area, scale, this.theme()));
    this.isWholeOld = false;
    this.wholePicture = picture;
  }

  private sharpen(viewport: Viewport, painted: Painted): void {
    const world = framed(wholeOf(painted.scene.picture));
    const wanted = grown(visibleBox(viewport), MARGIN);
    const area = {
      left: Math.max(world.left, Math.min(wanted.left, world.right - 1)),
      top: Math.max(world.top, Math.min(wanted.top, world.bottom - 1)),
      right: Math.min(world.right, Math.max(wanted.right, world.left + 1)),
      bottom: Math.min(world.bottom, Math.max(wanted.bottom, world.top + 1)),
    };
    const { scale } = viewport;
    this.sharp.draw(area, scale, Math.min(2, devicePixelRatio), context =>
      paint(context, painted, area, scale, this.theme()),
    );
    this.isSharpOld = false;
  }

  private show(sheet: Sheet, viewport: Viewport): void {
    sheet.follow(viewport);
    sheet.show(true);
    (sheet === this.sharp ? this.whole : this.sharp).show(false);
  }

  private theme(): Colours {
    return (this.colours ??= coloursOf(this.element));
  }

  private isCovered({ area }: Sheet, viewport: Viewport, { scene: { picture } }: Painted): boolean {
    return area !== null && covers(area, viewport, picture);
  }
}

const framed = ({ left, top, right, bottom }: Box): Box => ({
  left: left - RIM,
  top: top - RIM,
  right: right + RIM,
  bottom: bottom + RIM,
});
