// Parts of an array that is too large to be sent whole: asked for as they are looked at.
import type { Picture } from "./arrays";
import type { Kernel } from "./kernel";
import type { Axes, Plane } from "./slice";

/** Half-open ranges of rows and columns of a plane. */
export interface Region {
  rows: readonly [number, number];
  cols: readonly [number, number];
}

const SIZE = [180, 170] as const; // rows and columns of a picture: what a pane shows
const KEPT = 64;

export function wholeRegion(shape: readonly number[], axes: Axes): Region {
  const length = (axis: number | null): number => (axis === null ? 1 : (shape[axis] ?? 1));
  return { rows: [0, length(axes.row)], cols: [0, length(axes.col)] };
}

/** An eighth of a region around a place in it, given as fractions of its height and width. */
export function zoomed(region: Region, y: number, x: number): Region {
  const part = ([from, to]: readonly [number, number], at: number): [number, number] => {
    const length = to - from;
    const wanted = Math.min(length, Math.max(8, Math.ceil(length / 8)));
    const middle = from + at * length;
    const start = Math.max(from, Math.min(to - wanted, Math.round(middle - wanted / 2)));
    return [start, start + wanted];
  };
  return { rows: part(region.rows, y), cols: part(region.cols, x) };
}

export class Tiles {
  private readonly pictures = new Map<string, Picture | null>();

  /** `arrived` is called when a tile has come that was asked for. */
  constructor(
    private readonly kernel: Kernel,
    private readonly arrived: () => void,
  ) {}

  /** The picture of a region; null until it is here. */
  get(array: number, axes: Axes, region: Region): Plane | null {
    const { row, col, at } = axes;
    const question = { array, row, col, at, rows: region.rows, cols: region.cols, size: SIZE };
    const name = JSON.stringify(question);
    const known = this.pictures.get(name);
    if (known !== undefined) return known === null ? null : placed(known, axes, region);
    if (this.pictures.size >= KEPT) this.pictures.delete(this.pictures.keys().next().value ?? "");
    this.pictures.set(name, null);
    this.kernel("tile", question).then(
      ({ answer, elements }) => {
        const { rows, cols, exact } = answer;
        if (elements === null || rows === undefined || cols === undefined) return;
        this.pictures.set(name, { rows, cols, cells: elements, exact: exact === true });
        this.arrived();
      },
      // The summary stays; the next look asks again.
      () => this.pictures.delete(name),
    );
    return null;
  }
}

/** A tile as a plane whose cells know their index in the array. */
function placed(picture: Picture, { row, col, at }: Axes, { rows, cols }: Region): Plane {
  const down = (rows[1] - rows[0]) / picture.rows;
  const across = (cols[1] - cols[0]) / picture.cols;
  return {
    ...picture,
    index: (i, j) =>
      at.map((held, axis) => {
        if (axis === row) return rows[0] + Math.floor(i * down);
        return axis === col ? cols[0] + Math.floor(j * across) : held;
      }),
    cell: (index) => {
      const place = (axis: number | null, from: number, step: number): number =>
        axis === null ? 0 : Math.floor(((index[axis] ?? 0) - from) / step);
      const [i, j] = [place(row, rows[0], down), place(col, cols[0], across)];
      const shown = at.every((held, axis) => axis === row || axis === col || held === index[axis]);
      return shown && i >= 0 && j >= 0 && i < picture.rows && j < picture.cols ? [i, j] : null;
    },
  };
}
