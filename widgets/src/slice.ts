// One plane of an array of any rank: two axes are shown, the others held at an index.
import type { Elements, Picture } from "./arrays";

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
  const [down, across] = [stride(axes.row), stride(axes.col)];
  const packed = (across === 1 || cols === 1) && (down === cols || rows === 1);
  if (packed) {
    return { rows, cols, cells: elements.subarray(start, start + rows * cols), exact: true, index };
  }
  const cells = elements.slice(0, rows * cols);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < cols; j += 1) {
      cells[i * cols + j] = elements[start + i * down + j * across] ?? Number.NaN;
    }
  }
  return { rows, cols, cells, exact: true, index };
}

/** What stands in for an array of which only a summary is here. */
export function summaryPlane(picture: Picture): Plane {
  return { ...picture, index: (i, j) => [i, j] };
}
