import { describe, expect, it } from "vitest";
import { isMarked, markedCells } from "../src/marked";

describe("marked elements", () => {
  it("are told by what they are", () => {
    expect(isMarked(Number.NaN, "NaN and ∞", "float64")).toBe(true);
    expect(isMarked(-Infinity, "NaN and ∞", "float64")).toBe(true);
    expect(isMarked(0, "exact zeros", "float64")).toBe(true);
    expect(isMarked(-0, "exact zeros", "float64")).toBe(true);
    expect(isMarked(1e-40, "exact zeros", "float32")).toBe(false);
    expect(isMarked(1e-40, "underflow", "float32")).toBe(true);
    expect(isMarked(1e-40, "underflow", "float64")).toBe(false);
    expect(isMarked(0, "nothing", "float64")).toBe(false);
  });

  it("fill their cells where cells are large", () => {
    const picture = { rows: 1, cols: 2, cells: Float64Array.of(1, 0), exact: true };
    expect([...markedCells(picture, "exact zeros", "float64", 2, 4)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
  });

  it("are not lost where a pixel covers many", () => {
    const cells = new Float64Array(100).fill(1);
    cells[57] = Number.NaN;
    const picture = { rows: 1, cols: 100, cells, exact: true };
    const found = markedCells(picture, "NaN and ∞", "float64", 1, 10);
    expect([...found]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });
});
