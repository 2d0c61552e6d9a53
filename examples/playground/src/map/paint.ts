/** Paints the map: the target above, the basis beneath, and ribbons between what is the same. */
import type { Regions } from "../protocol.ts";
import { basisView, type View, visibleRegions } from "./view.ts";

/** What is painted. */
export interface Picture {
  regions: Regions;
  basisLength: number;
  view: View;
  /** The region that is pointed at; -1 if none is. */
  selected: number;
  isDark: boolean;
}

/** Pixels: where the bands lie. Literals stand out above the band of the target. */
export const TARGET_TOP = 10;
const BAND_HEIGHT = 44;
const RIBBON_HEIGHT = 96;
const BASIS_TOP = TARGET_TOP + BAND_HEIGHT + RIBBON_HEIGHT;
/** Height of the picture. */
export const PICTURE_HEIGHT = BASIS_TOP + BAND_HEIGHT + 2;

/** Ribbons that are narrower are left out. */
const MIN_RIBBON_WIDTH = 0.4;
const FIRST_HUE = 165;
const LAST_HUE = 300;

/** The hue of a place in the basis. Hues near red are kept for literals. */
export function hueOf(from: number, basisLength: number): number {
  return FIRST_HUE + (LAST_HUE - FIRST_HUE) * (basisLength > 0 ? from / basisLength : 0);
}

/** Paints a picture on all of a canvas. `width` is in CSS pixels. */
export function paint(context: CanvasRenderingContext2D, width: number, picture: Picture): void {
  const { regions, view, basisLength } = picture;
  const visible = visibleRegions(regions, view);
  const basis = basisView(regions, visible, view, basisLength);
  context.clearRect(0, 0, width, PICTURE_HEIGHT);
  const painter = new Painter(context, width, picture, basis);
  painter.background();
  for (let i = visible[0]; i < visible[1]; i++) painter.copy(i);
  for (let i = visible[0]; i < visible[1]; i++) painter.literal(i);
  if (picture.selected >= visible[0] && picture.selected < visible[1]) painter.outline(picture.selected);
}

class Painter {
  readonly #context: CanvasRenderingContext2D;
  readonly #width: number;
  readonly #picture: Picture;
  readonly #basis: View;

  constructor(context: CanvasRenderingContext2D, width: number, picture: Picture, basis: View) {
    this.#context = context;
    this.#width = width;
    this.#picture = picture;
    this.#basis = basis;
  }

  background(): void {
    this.#context.fillStyle = this.#picture.isDark ? "#333a45" : "#dde2ea";
    this.#context.fillRect(0, TARGET_TOP, this.#width, BAND_HEIGHT);
    this.#context.fillRect(0, BASIS_TOP, this.#width, BAND_HEIGHT);
  }

  copy(region: number): void {
    const from = this.#picture.regions.froms[region]!;
    if (from < 0) return;
    const { x, width, basisX, basisWidth } = this.#place(region);
    const color = this.#color(from);
    this.#context.fillStyle = color;
    this.#context.fillRect(x, TARGET_TOP, Math.max(0.5, width), BAND_HEIGHT);
    this.#context.fillRect(basisX, BASIS_TOP, Math.max(0.5, basisWidth), BAND_HEIGHT);
    if (width < MIN_RIBBON_WIDTH) return;
    this.#context.globalAlpha = region === this.#picture.selected ? 0.75 : 0.3;
    this.#ribbon(x, width, basisX, basisWidth);
    this.#context.globalAlpha = 1;
  }

  literal(region: number): void {
    if (this.#picture.regions.froms[region]! >= 0) return;
    const { x, width } = this.#place(region);
    this.#context.fillStyle = this.#picture.isDark ? "#ffb02e" : "#c2410c";
    this.#context.fillRect(x, 0, Math.max(1.5, width), TARGET_TOP + BAND_HEIGHT);
  }

  outline(region: number): void {
    const { x, width, basisX, basisWidth } = this.#place(region);
    this.#context.strokeStyle = this.#picture.isDark ? "#ffffff" : "#000000";
    this.#context.lineWidth = 2;
    this.#context.strokeRect(x, TARGET_TOP, Math.max(2, width), BAND_HEIGHT);
    if (this.#picture.regions.froms[region]! < 0) return;
    this.#context.strokeRect(basisX, BASIS_TOP, Math.max(2, basisWidth), BAND_HEIGHT);
  }

  #place(region: number): { x: number; width: number; basisX: number; basisWidth: number } {
    const { regions, view } = this.#picture;
    const scale = this.#width / (view.end - view.start);
    const basisScale = this.#width / Math.max(1, this.#basis.end - this.#basis.start);
    const length = regions.lengths[region]!;
    return {
      x: (regions.offsets[region]! - view.start) * scale,
      width: length * scale,
      basisX: (regions.froms[region]! - this.#basis.start) * basisScale,
      basisWidth: length * basisScale,
    };
  }

  #ribbon(x: number, width: number, basisX: number, basisWidth: number): void {
    const top = TARGET_TOP + BAND_HEIGHT;
    const middle = top + RIBBON_HEIGHT / 2;
    this.#context.beginPath();
    this.#context.moveTo(x, top);
    this.#context.bezierCurveTo(x, middle, basisX, middle, basisX, BASIS_TOP);
    this.#context.lineTo(basisX + basisWidth, BASIS_TOP);
    this.#context.bezierCurveTo(basisX + basisWidth, middle, x + width, middle, x + width, top);
    this.#context.fill();
  }

  #color(from: number): string {
    const { basisLength, isDark } = this.#picture;
    return `hsl(${hueOf(from, basisLength).toFixed(1)} 60% ${isDark ? 58 : 42}%)`;
  }
}
