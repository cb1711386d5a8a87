// A matrix that Python sent with an explanation, as a heat map.
import type { Picture } from "./arrays";
import type { Of } from "./colours";
import type { Context } from "./context";
import { h } from "./dom";
import { toNumber } from "./format";
import { paint } from "./heatmap";
import type { MatrixTold } from "./told";

export function asPicture({ rows, cols, cells, exact }: MatrixTold): Picture {
  return { rows, cols, cells: Float64Array.from(cells, toNumber), exact };
}

/** The largest finite magnitude. */
export function peakOf({ cells }: Picture): number {
  let peak = 0;
  for (const cell of cells) if (Math.abs(cell) > peak && Math.abs(cell) < Infinity) peak = Math.abs(cell);
  return peak;
}

export function matrixCanvas(
  context: Context,
  told: MatrixTold,
  of: Of,
  size: { width: number; height: number },
  label: string,
): HTMLCanvasElement {
  const canvas = h("canvas", { class: "gad-canvas", role: "img", "aria-label": label });
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(size.width * ratio));
  canvas.height = Math.max(1, Math.round(size.height * ratio));
  canvas.style.width = `${size.width}px`;
  canvas.style.height = `${size.height}px`;
  const picture = asPicture(told);
  paint(canvas, picture, { of, theme: context.theme(), peak: peakOf(picture), dtype: "float64" });
  return canvas;
}
