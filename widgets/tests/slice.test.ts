import { describe, expect, it } from "vitest";
import { defaultAxes, heldAxes, slicePlane, withAxis } from "../src/slice";

const shape = [2, 3, 4];
const elements = Float64Array.from({ length: 24 }, (_, i) => i);

describe("a plane", () => {
  it("is of the last two axes at first", () => {
    const axes = { ...defaultAxes(shape), at: [1, 0, 0] };
    const plane = slicePlane(shape, elements, axes);
    expect([plane.rows, plane.cols]).toEqual([3, 4]);
    expect([...plane.cells]).toEqual([...elements.slice(12)]);
    expect(plane.index(2, 3)).toEqual([1, 2, 3]);
    expect(heldAxes(shape, axes)).toEqual([0]);
  });

  it("can be of any two axes, either way round", () => {
    for (const [row, col] of [[0, 1], [1, 0], [2, 0], [2, 1], [0, 2]] as const) {
      const axes = { row, col, at: [1, 2, 3] };
      const plane = slicePlane(shape, elements, axes);
      for (let i = 0; i < plane.rows; i += 1) {
        for (let j = 0; j < plane.cols; j += 1) {
          const [a = 0, b = 0, c = 0] = plane.index(i, j);
          expect(plane.cells[i * plane.cols + j]).toBe(a * 12 + b * 4 + c);
        }
      }
    }
  });

  it("of a vector is a row, of a number one cell", () => {
    expect(slicePlane([3], elements, defaultAxes([3])).rows).toBe(1);
    expect([...slicePlane([], elements, defaultAxes([])).cells]).toEqual([0]);
  });

  it("changes places when an axis is asked for twice", () => {
    expect(withAxis(defaultAxes(shape), "row", 2)).toMatchObject({ row: 2, col: 1 });
    expect(withAxis(defaultAxes(shape), "row", 0)).toMatchObject({ row: 0, col: 2 });
  });
});
