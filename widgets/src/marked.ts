// Elements that are marked by stepping the others back: seen however small the cells are.
import type { Picture } from "./arrays";
import { isUnderflow } from "./format";
import type { Theme } from "./theme";

export type Marked = "nothing" | "NaN and ∞" | "exact zeros" | "underflow";
export const MARKED: Marked[] = ["nothing", "NaN and ∞", "exact zeros", "underflow"];

const OTHERS = 0.14; // of their colour

/** Whether an element is one of the marked. */
export function isMarked(x: number, marked: Marked, dtype: string): boolean {
  if (marked === "NaN and ∞") return !Number.isFinite(x);
  if (marked === "exact zeros") return x === 0;
  return marked === "underflow" && isUnderflow(x, dtype);
}

/** Which cells of a grid hold a marked element; a cell may cover several. */
export function markedCells(
  { rows, cols, cells }: Picture,
  marked: Marked,
  dtype: string,
  height: number,
  width: number,
): Uint8Array {
  const found = new Uint8Array(height * width);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < cols; j += 1) {
      if (!isMarked(cells[i * cols + j] ?? 0, marked, dtype)) continue;
      const [top, left] = [Math.floor((i * height) / rows), Math.floor((j * width) / cols)];
      const bottom = Math.max(top + 1, Math.floor(((i + 1) * height) / rows));
      const right = Math.max(left + 1, Math.floor(((j + 1) * width) / cols));
      for (let y = top; y < bottom; y += 1) found.fill(1, y * width + left, y * width + right);
    }
  }
  return found;
}

/** Paints over a picture: the marked cells in full, all others faint. */
export function paintMarks(
  canvas: HTMLCanvasElement,
  picture: Picture,
  marked: Marked,
  dtype: string,
  theme: Theme,
): void {
  const context = canvas.getContext("2d");
  if (marked === "nothing" || context === null) return;
  const { width, height } = canvas;
  const found = markedCells(picture, marked, dtype, height, width);
  const image = context.getImageData(0, 0, width, height);
  const ground = theme === "dark" ? [20, 24, 31] : [255, 255, 255];
  const ink = theme === "dark" ? [228, 233, 241] : [27, 35, 48];
  for (let at = 0; at < found.length; at += 1) {
    // A zero has no colour of its own: it is shown in ink.
    const solid = found[at] === 1 && marked !== "NaN and ∞";
    if (found[at] === 1 && !solid) continue;
    for (let c = 0; c < 3; c += 1) {
      const colour = image.data[at * 4 + c] ?? 0;
      image.data[at * 4 + c] = solid
        ? (ink[c] ?? 0)
        : OTHERS * colour + (1 - OTHERS) * (ground[c] ?? 0);
    }
    image.data[at * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
