// One plane of an array of any rank: the last two axes, the leading ones held fixed.
import { type Elements, type Picture, plane } from "./arrays";

/** The axes that need a choice of index. */
export function leadingAxes(shape: readonly number[]): readonly number[] {
  return shape.slice(0, -2);
}

export interface Plane extends Picture {
  /** the full index of a cell */
  index(i: number, j: number): number[];
}

export function slicePlane(
  shape: readonly number[],
  elements: Elements,
  lead: readonly number[],
): Plane {
  const { rows, cols } = plane(shape.slice(-2));
  const flat = leadingAxes(shape).reduce((sum, n, axis) => sum * n + (lead[axis] ?? 0), 0);
  const start = flat * rows * cols;
  return {
    rows,
    cols,
    cells: elements.subarray(start, start + rows * cols),
    exact: true,
    index: (i, j) => {
      if (shape.length === 0) return [];
      return shape.length === 1 ? [j] : [...lead.slice(0, shape.length - 2), i, j];
    },
  };
}

/** What stands in for an array of which only a summary is here. */
export function summaryPlane(picture: Picture): Plane {
  return { ...picture, index: (i, j) => [i, j] };
}
