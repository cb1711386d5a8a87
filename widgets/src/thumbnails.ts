// Small heat maps as images for the diagram, painted once and kept.
import type { ArrayStore } from "./arrays";
import type { Of } from "./colours";
import { fillBox, paint } from "./heatmap";
import type { Theme } from "./theme";

export interface Thumbnail {
  url: string;
  width: number;
  height: number;
}

/** Device pixels per CSS pixel: sharp at twice the size, small enough to paint within a frame. */
const SCALE = 2;

export class Thumbnails {
  private readonly images = new Map<string, Thumbnail>();
  private readonly canvas = document.createElement("canvas");

  constructor(private readonly arrays: ArrayStore) {}

  /** The picture of an array in a box of the given size; null where there are no elements. */
  get(
    array: number,
    of: Of,
    theme: Theme,
    peak: number,
    width: number,
    height: number,
  ): Thumbnail | null {
    const name = `${array} ${of} ${theme} ${width} ${height}`;
    const known = this.images.get(name);
    if (known !== undefined) return known;
    const picture = this.arrays.picture(array);
    if (picture === null) return null;
    const size = fillBox(picture.rows, picture.cols, width, height);
    this.canvas.width = Math.max(1, Math.round(size.width * SCALE));
    this.canvas.height = Math.max(1, Math.round(size.height * SCALE));
    paint(this.canvas, picture, { of, theme, peak, dtype: this.arrays.spec(array).dtype });
    const image = { url: this.canvas.toDataURL(), ...size };
    this.images.set(name, image);
    return image;
  }
}
