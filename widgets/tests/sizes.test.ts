import { describe, expect, it } from "vitest";
import { decades, decadesText, fill, place, rms, stroke, width } from "../src/sizes";
import { Builder } from "./fixture";

const scale = { centre: 1e-3, span: 4 };

describe("the scale of sizes", () => {
  it("is symmetric about its centre and clipped at both ends", () => {
    expect(place(scale, 1e-3)).toBe(0);
    expect(place(scale, 1e-5)).toBeCloseTo(-0.5);
    expect(place(scale, 1e-1)).toBeCloseTo(0.5);
    expect(place(scale, 1e-30)).toBe(-1);
    expect(place(scale, 1e30)).toBe(1);
  });

  it("has no place for an exact zero and for no number, but a text", () => {
    expect(place(scale, 0)).toBeNull();
    expect(place(scale, Number.NaN)).toBeNull();
    expect(decadesText(decades(scale, 0))).toBe("= 0");
    expect(decadesText(Number.NaN)).toBe("NaN");
    expect([-2.44, 0.31, 0.04, -0.04].map(decadesText)).toEqual(["−2.4", "+0.3", "0.0", "0.0"]);
  });

  it("draws edges the wider the larger, and colours that part from the middle", () => {
    expect([-1, 0, 1].map(width)).toEqual([1, 3.5, 6]);
    for (const theme of ["light", "dark"] as const) {
      const ends = [-1, 0, 1].flatMap((x) => [fill(theme, x), stroke(theme, x)]);
      expect(new Set(ends).size).toBe(6);
    }
  });

  it("is of the root mean square, which width does not change", () => {
    const make = new Builder();
    make.array([4], [-2, -2, -2, -2]);
    make.array([1], [2]);
    make.array([2], [1, Number.NaN]);
    make.array([0], []);
    expect(make.payload.arrays.map(rms)).toEqual([2, 2, Number.NaN, 0]);
  });
});
