// One plane of an array of any rank: two axes are shown, the others held at an index.
import type { Elements, Picture } from "./arrays";
import { flatIndex, unravel } from "./watch";

/** Which axes run down and across (null: none), and the index along all the others. */
export interface Axes {
  row: number | null;
  col: number | null;
  at: readonly number[];
}

/** The last axis across, the one before it down. */
export function defaultAxes(shape: readonly number[]): Axes {
  const rank = shape.length;
  return {
    row: rank > 1 ? rank - 2 : null,
    col: rank > 0 ? rank - 1 : null,
    at: shape.map(() => 0),
  };
}

/** Shows an axis down or across; the axis that was there takes its place. */
export function withAxis(axes: Axes, which: "row" | "col", axis: number): Axes {
  const other = which === "row" ? "col" : "row";
  const swapped = axes[other] === axis ? axes[which] : axes[other];
  return { ...axes, [which]: axis, [other]: swapped };
}

/** The axes that need a choice of index. */
export const heldAxes = (shape: readonly number[], { row, col }: Axes): number[] =>
  shape.flatMap((_, axis) => (axis === row || axis === col ? [] : [axis]));

export interface Plane extends Picture {
  /** the full index of a cell */
  index(i: number, j: number): number[];
  /** the cell of an element; null where it is not in the plane */
  cell(index: readonly number[]): [number, number] | null;
}

export function slicePlane(shape: readonly number[], elements: Elements, axes: Axes): Plane {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, m) => n * m, 1));
  const length = (axis: number | null): number => (axis === null ? 1 : (shape[axis] ?? 1));
  const stride = (axis: number | null): number => (axis === null ? 0 : (strides[axis] ?? 0));
  const rows = length(axes.row);
  const cols = length(axes.col);
  const start = heldAxes(shape, axes).reduce(
    (sum, axis) => sum + (axes.at[axis] ?? 0) * stride(axis),
    0,
  );
  const index = (i: number, j: number): number[] =>
    shape.map((_, axis) => (axis === axes.row ? i : axis === axes.col ? j : (axes.at[axis] ?? 0)));
  const held = heldAxes(shape, axes);
  const cell = (at: readonly number[]): [number, number] | null => {
    const inside = held.every((axis) => at[axis] === (axes.at[axis] ?? 0));
    return inside ? [at[axes.row ?? -1] ?? 0, at[axes.col ?? -1] ?? 0] : null;
  };
  const [down, across] = [stride(axes.row), stride(axes.col)];
  const packed = (across === 1 || cols === 1) && (down === cols || rows === 1);
  if (packed) {
    return { rows, cols, cells: elements.subarray(start, start + rows * cols), exact: true, index, cell };
  }
  const cells = elements.slice(0, rows * cols);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < cols; j += 1) {
      cells[i * cols + j] = elements[start + i * down + j * across] ?? Number.NaN;
    }
  }
  return { rows, cols, cells, exact: true, index, cell };
}

/** What stands in for an array of which only a summary is here. */
export function summaryPlane(picture: Picture): Plane {
  return { ...picture, index: (i, j) => [i, j], cell: () => null };
}

/** All elements in C order, as near to a square as whole rows allow. */
export function squarePlane(shape: readonly number[], elements: Elements): Plane {
  let rows = Math.floor(Math.sqrt(elements.length));
  while (rows > 1 && elements.length % rows !== 0) rows -= 1;
  const cols = elements.length / Math.max(1, rows);
  const index = (i: number, j: number): number[] => unravel(shape, i * cols + j);
  const cell = (at: readonly number[]): [number, number] => {
    const flat = flatIndex(shape, at);
    return [Math.floor(flat / cols), flat % cols];
  };
  return { rows, cols, cells: elements, exact: true, index, cell };
}

/** Where an array may hold images in colour: its axes of channels, rows and columns. */
export interface ImageAxes {
  channel: number;
  row: number;
  col: number;
}

const SMALLEST_SIDE = 4; // a side below this is more likely something else than pixels

/** Channels first, (…, 3, H, W), or last, (…, H, W, 3); null where there is no such axis. */
export function imageAxes(shape: readonly number[]): ImageAxes | null {
  const [a = 0, b = 0, c = 0] = shape.slice(-3);
  const rank = shape.length;
  if (rank < 3) return null;
  if (a === 3 && b >= SMALLEST_SIDE && c >= SMALLEST_SIDE) {
    return { channel: rank - 3, row: rank - 2, col: rank - 1 };
  }
  if (c === 3 && a >= SMALLEST_SIDE && b >= SMALLEST_SIDE) {
    return { channel: rank - 1, row: rank - 3, col: rank - 2 };
  }
  return null;
}

/** The three planes of an image in colour: red, green and blue. */
export function colourPlanes(
  shape: readonly number[],
  elements: Elements,
  axes: Axes,
  { channel, row, col }: ImageAxes,
): Plane[] {
  return [0, 1, 2].map((c) => {
    const at = axes.at.map((held, axis) => (axis === channel ? c : held));
    return slicePlane(shape, elements, { row, col, at });
  });
}
