import { describe, expect, it } from "vitest";
import {
  colourPlanes,
  defaultAxes,
  heldAxes,
  imageAxes,
  slicePlane,
  squarePlane,
  withAxis,
} from "../src/slice";

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

describe("the cell of an element", () => {
  it("is where the plane shows it, whichever axes it has", () => {
    for (const [row, col] of [[0, 1], [1, 0], [2, 0], [null, 2]] as const) {
      const plane = slicePlane(shape, elements, { row, col, at: [1, 2, 3] });
      for (let i = 0; i < plane.rows; i += 1) {
        for (let j = 0; j < plane.cols; j += 1) expect(plane.cell(plane.index(i, j))).toEqual([i, j]);
      }
    }
  });

  it("is nowhere where another plane holds it", () => {
    const plane = slicePlane(shape, elements, defaultAxes(shape));
    expect(plane.cell([1, 0, 0])).toBeNull();
  });
});

describe("all elements as a square", () => {
  it("keeps their order in rows of one length", () => {
    const plane = squarePlane(shape, elements);
    expect([plane.rows, plane.cols]).toEqual([4, 6]);
    expect(plane.index(1, 0)).toEqual([0, 1, 2]);
    expect(plane.cell([0, 1, 2])).toEqual([1, 0]);
    expect(squarePlane([7], elements.slice(0, 7)).rows).toBe(1);
  });
});

describe("images in colour", () => {
  it("are seen in shapes with three channels, first or last", () => {
    expect(imageAxes([8, 3, 5, 6])).toEqual({ channel: 1, row: 2, col: 3 });
    expect(imageAxes([5, 6, 3])).toEqual({ channel: 2, row: 0, col: 1 });
    expect(imageAxes([5, 6, 4])).toBeNull();
    expect(imageAxes([6, 3])).toBeNull();
    expect(imageAxes([3, 2, 2])).toBeNull();
  });

  it("are three planes of the image that is held", () => {
    const size = [2, 4, 4, 3];
    const pixels = Float64Array.from({ length: 96 }, (_, i) => i);
    const axes = { ...defaultAxes(size), at: [1, 0, 0, 0] };
    const image = imageAxes(size);
    const planes = image === null ? [] : colourPlanes(size, pixels, axes, image);
    expect(planes.map(({ cells }) => [cells[0], cells[1]])).toEqual([[48, 51], [49, 52], [50, 53]]);
  });
});
