// How large gradients are, on the scale that Python sent: decades, colours, widths. Pure.
import { toNumber } from "./format";
import type { ArraySpec, SizesSpec } from "./payload";
import type { Theme } from "./theme";

type Rgb = readonly [number, number, number];

// As in graphviz_ad/render/sizes.py: teal is small, amber is large; ink reads on every fill.
const FILLS: Record<Theme, readonly [Rgb, Rgb, Rgb]> = {
  light: [[47, 176, 164], [246, 248, 250], [228, 160, 62]],
  dark: [[17, 108, 101], [32, 39, 49], [134, 84, 14]],
};
const STROKES: Record<Theme, readonly [Rgb, Rgb, Rgb]> = {
  light: [[0, 106, 97], [139, 154, 175], [150, 84, 8]],
  dark: [[72, 208, 190], [107, 121, 143], [240, 172, 74]],
};

/** The root mean square of an array's elements; NaN where one is not finite. */
export function rms({ stats, size }: ArraySpec): number {
  if (stats.nan + stats.posinf + stats.neginf > 0) return Number.NaN;
  return size > 0 ? toNumber(stats.norm) / Math.sqrt(size) : 0;
}

/** Decades above the middle of the scale; −∞ for an exact zero, NaN for no number. */
export function decades(scale: SizesSpec, size: number): number {
  return Math.log10(size) - Math.log10(scale.centre);
}

/** Where that lies between the ends of the scale, from −1 to 1; null for 0 and NaN. */
export function place(scale: SizesSpec, size: number): number | null {
  const x = decades(scale, size) / scale.span;
  return Number.isFinite(x) ? Math.max(-1, Math.min(1, x)) : null;
}

/** "−2.4", "+0.3", "0.0"; "= 0" for an exact zero, "NaN" for no number. */
export function decadesText(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (x === -Infinity) return "= 0";
  const digits = Math.abs(x).toFixed(1);
  return digits === "0.0" ? digits : `${x < 0 ? "−" : "+"}${digits}`;
}

function mix([low, middle, high]: readonly [Rgb, Rgb, Rgb], x: number): string {
  const end = x < 0 ? low : high;
  return `rgb(${middle.map((c, i) => Math.round(c + ((end[i] ?? 0) - c) * Math.abs(x))).join(" ")})`;
}

export const fill = (theme: Theme, x: number): string => mix(FILLS[theme], x);

export const stroke = (theme: Theme, x: number): string => mix(STROKES[theme], x);

/** CSS pixels of an edge: the wider the larger the gradient. */
export const width = (x: number): number => 1 + 2.5 * (1 + x);

/** The scale's bar, as a CSS gradient. */
export const ramp = (theme: Theme): string =>
  `linear-gradient(90deg, ${[-1, 0, 1].map((x) => fill(theme, x)).join(", ")})`;
