// Painting an array on a canvas: one colour per cell, glyphs for what is not a number.
import { type Of, palette, type Palette } from "./colours";
import { format, isUnderflow } from "./format";
import type { Picture } from "./arrays";
import type { Theme } from "./theme";

export interface Paint {
  of: Of;
  theme: Theme;
  /** magnitude at which the colours end */
  peak: number;
  dtype: string;
  /** in grey, from black at `low` to white at `high`; null: by sign */
  image?: { low: number; high: number } | null;
}

/** The glyph of an element that a colour alone would not tell; "" for all others. */
export function glyph(x: number, dtype: string): string {
  if (Number.isNaN(x)) return "×";
  if (x === Infinity) return "▲";
  if (x === -Infinity) return "▼";
  if (isUnderflow(x, dtype)) return "ε";
  return "";
}

/** The grey of an image, 0 to 255. */
const grey = (x: number, { low, high }: { low: number; high: number }): number =>
  high > low ? Math.round((255 * (x - low)) / (high - low)) : 128;

export function cellColours(x: number, colours: Palette, peak: number): [string, string] {
  if (!Number.isFinite(x)) return [colours.nan, colours.nanInk];
  return [colours.css(x, peak), colours.ink(x, peak)];
}

/** The largest picture of this many cells in a box: whole pixels where cells are few. */
export function fitBox(
  rows: number,
  cols: number,
  width: number,
  height: number,
  maxCell = 28,
): { width: number; height: number } {
  let cell = Math.min(width / cols, height / rows, maxCell);
  if (cell > 3) cell = Math.floor(cell);
  // A long thin array keeps a strip thick enough to see.
  return {
    width: Math.min(width, Math.max(cell * cols, Math.min(8, width))),
    height: Math.min(height, Math.max(cell * rows, Math.min(8, height))),
  };
}

/** A picture that fills its box: cells may be oblong, as long as they stay small. */
export function fillBox(
  rows: number,
  cols: number,
  width: number,
  height: number,
  maxCell = 14,
): { width: number; height: number } {
  return { width: Math.min(width, cols * maxCell), height: Math.min(height, rows * maxCell) };
}

/** Paints a whole picture over a canvas of any size. */
export function paint(canvas: HTMLCanvasElement, picture: Picture, options: Paint): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { rows, cols, cells } = picture;
  const { width, height } = canvas;
  const colours = palette(options.theme, options.of);
  context.clearRect(0, 0, width, height);
  const cellWidth = width / cols;
  const cellHeight = height / rows;
  if (cellWidth < 2 || cellHeight < 2) {
    paintDense(context, picture, options, colours, width, height);
    return;
  }
  const size = Math.min(cellWidth, cellHeight);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `${Math.floor(Math.min(size * 0.8, 22))}px ui-monospace, monospace`;
  const gap = size >= 8 && options.image == null ? 1 : 0;
  for (let i = 0; i < rows; i += 1) {
    const top = Math.round(i * cellHeight);
    const bottom = Math.round((i + 1) * cellHeight);
    for (let j = 0; j < cols; j += 1) {
      const x = cells[i * cols + j] ?? Number.NaN;
      const left = Math.round(j * cellWidth);
      const right = Math.round((j + 1) * cellWidth);
      const [signed, ink] = cellColours(x, colours, options.peak);
      const { image } = options;
      const fill =
        image == null || !Number.isFinite(x) ? signed : `rgb(${`${grey(x, image)} `.repeat(3)})`;
      context.fillStyle = fill;
      context.fillRect(left, top, right - left - gap, bottom - top - gap);
      const mark = size >= 9 ? glyph(x, options.dtype) : "";
      if (mark !== "") {
        context.fillStyle = ink;
        context.fillText(mark, (left + right - gap) / 2, (top + bottom - gap) / 2);
      }
    }
  }
}

/** More cells than pixels: every pixel shows the largest magnitude of what it covers. */
function paintDense(
  context: CanvasRenderingContext2D,
  { rows, cols, cells }: Picture,
  options: Paint,
  colours: Palette,
  width: number,
  height: number,
): void {
  const image = context.createImageData(width, height);
  const dark = options.theme === "dark" ? [241, 243, 246] : [22, 25, 31];
  for (let y = 0; y < height; y += 1) {
    const i0 = Math.floor((y * rows) / height);
    const i1 = Math.max(i0 + 1, Math.floor(((y + 1) * rows) / height));
    for (let x = 0; x < width; x += 1) {
      const j0 = Math.floor((x * cols) / width);
      const j1 = Math.max(j0 + 1, Math.floor(((x + 1) * cols) / width));
      let best = 0;
      for (let i = i0; i < i1; i += 1) {
        for (let j = j0; j < j1; j += 1) {
          const cell = cells[i * cols + j] ?? 0;
          if (Number.isNaN(cell)) best = Number.NaN;
          else if (Math.abs(cell) > Math.abs(best)) best = cell;
        }
      }
      const level = options.image == null ? null : grey(best, options.image);
      const shade = level === null ? colours.rgb(best, options.peak) : [level, level, level];
      const [r, g, b] = Number.isFinite(best) ? shade : dark;
      const at = (y * width + x) * 4;
      image.data[at] = r ?? 0;
      image.data[at + 1] = g ?? 0;
      image.data[at + 2] = b ?? 0;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

/** The colour scale with the numbers at its ends. */
export function legendText(peak: number): [string, string, string] {
  return peak === 0 ? ["", "0", ""] : [format(-peak), "0", format(peak)];
}

/** Paints an image in colour, from black at `low` to full at `high`; what is no number, in ink. */
export function paintColour(
  canvas: HTMLCanvasElement,
  planes: readonly Picture[],
  { low, high }: { low: number; high: number },
  theme: Theme,
): void {
  const context = canvas.getContext("2d");
  const { rows, cols } = planes[0] ?? { rows: 0, cols: 0 };
  if (context === null || rows * cols === 0) return;
  const { width, height } = canvas;
  const image = context.createImageData(width, height);
  const broken = theme === "dark" ? 241 : 22;
  for (let y = 0; y < height; y += 1) {
    const i = Math.floor((y * rows) / height);
    for (let x = 0; x < width; x += 1) {
      const cell = i * cols + Math.floor((x * cols) / width);
      const colour = planes.map(({ cells }) => cells[cell] ?? Number.NaN);
      const whole = colour.every(Number.isFinite);
      const shades = colour.map((level) => (whole ? grey(level, { low, high }) : broken));
      image.data.set([...shades, 255], (y * width + x) * 4);
    }
  }
  context.putImageData(image, 0, 0);
}
