// Zero-centred colours, readable with every common form of colour blindness:
// data from blue to red, gradients from purple to orange.
import type { Theme } from "./theme";

export type Of = "data" | "gradient";

type Rgb = readonly [number, number, number];

/** from the most negative to the most positive */
const STOPS: Record<Theme, Record<Of, readonly Rgb[]>> = {
  light: {
    data: [[24, 84, 163], [104, 158, 207], [246, 247, 249], [226, 130, 120], [168, 24, 48]],
    gradient: [[78, 34, 132], [154, 136, 196], [247, 246, 244], [232, 158, 76], [176, 82, 4]],
  },
  dark: {
    data: [[112, 182, 255], [52, 104, 168], [34, 39, 49], [166, 66, 72], [255, 132, 122]],
    gradient: [[186, 154, 255], [104, 78, 168], [36, 37, 45], [164, 98, 30], [255, 176, 74]],
  },
};

const SPECIAL: Record<Theme, { nan: string; ink: string }> = {
  light: { nan: "#16191f", ink: "#ffffff" },
  dark: { nan: "#f1f3f6", ink: "#111419" },
};

const SIZE = 511;
const cache = new Map<string, Uint8ClampedArray>();

/** SIZE colours as r, g, b, from −1 to 1. */
function table(theme: Theme, of: Of): Uint8ClampedArray {
  const name = `${theme} ${of}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const stops = STOPS[theme][of];
  const colours = new Uint8ClampedArray(SIZE * 3);
  for (let i = 0; i < SIZE; i += 1) {
    const x = (i / (SIZE - 1)) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(x));
    for (let c = 0; c < 3; c += 1) {
      const a = stops[k]?.[c] ?? 0;
      const b = stops[k + 1]?.[c] ?? 0;
      colours[i * 3 + c] = a + (b - a) * (x - k);
    }
  }
  cache.set(name, colours);
  return colours;
}

/** Relative luminance as WCAG 2 defines it, 0 to 1. */
function luminance(colour: Rgb): number {
  const linear = (c: number): number =>
    c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = colour;
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

export interface Palette {
  /** [r, g, b] of a finite x with the scale's end at `peak` */
  rgb(x: number, peak: number): Rgb;
  css(x: number, peak: number): string;
  /** black or white, whichever reads on that colour */
  ink(x: number, peak: number): string;
  nan: string;
  nanInk: string;
  gradient: string;
}

const palettes = new Map<string, Palette>();

export function palette(theme: Theme, of: Of): Palette {
  const name = `${theme} ${of}`;
  const known = palettes.get(name);
  if (known !== undefined) return known;
  const colours = table(theme, of);
  const rgb = (x: number, peak: number): Rgb => {
    const t = peak > 0 ? Math.max(-1, Math.min(1, x / peak)) : 0;
    const i = Math.round(((t + 1) / 2) * (SIZE - 1)) * 3;
    return [colours[i] ?? 0, colours[i + 1] ?? 0, colours[i + 2] ?? 0];
  };
  const made: Palette = {
    rgb,
    css: (x, peak) => `rgb(${rgb(x, peak).join(" ")})`,
    ink: (x, peak) => {
      // Above this luminance black has the better contrast, and either has at least 4.5 to 1.
      return luminance(rgb(x, peak)) > 0.179 ? "#000000" : "#ffffff";
    },
    nan: SPECIAL[theme].nan,
    nanInk: SPECIAL[theme].ink,
    gradient: `linear-gradient(90deg, ${STOPS[theme][of]
      .map((stop) => `rgb(${stop.join(" ")})`)
      .join(", ")})`,
  };
  palettes.set(name, made);
  return made;
}
