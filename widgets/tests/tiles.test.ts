import { describe, expect, it, vi } from "vitest";
import type { Kernel } from "../src/kernel";
import { defaultAxes } from "../src/slice";
import { Tiles, wholeRegion, zoomed } from "../src/tiles";

const shape = [4096, 4096];
const axes = defaultAxes(shape);
const whole = wholeRegion(shape, axes);

describe("tiles", () => {
  it("are asked for once, and know where their cells lie", async () => {
    const kernel = vi.fn<Kernel>(() =>
      Promise.resolve({
        answer: { type: "tile", request: 0, rows: 2, cols: 4, exact: false },
        elements: new Float64Array(8),
      }),
    );
    const arrived = vi.fn();
    const tiles = new Tiles(kernel, arrived);
    expect(tiles.get(0, axes, whole)).toBeNull();
    expect(tiles.get(0, axes, whole)).toBeNull();
    await vi.waitFor(() => expect(arrived).toHaveBeenCalledOnce());
    expect(kernel).toHaveBeenCalledOnce();
    const plane = tiles.get(0, axes, whole);
    expect(plane?.index(1, 3)).toEqual([2048, 3072]);
    expect(plane?.exact).toBe(false);
  });

  it("zoom in on a place, until single elements are left", () => {
    let region = zoomed(whole, 1, 0);
    expect(region).toEqual({ rows: [3584, 4096], cols: [0, 512] });
    region = zoomed(zoomed(region, 0.5, 0.5), 0.5, 0.5);
    expect(region.rows[1] - region.rows[0]).toBe(8);
    expect(zoomed(region, 0, 0)).toEqual(region);
  });

  it("are asked for again after a failure", async () => {
    const kernel = vi.fn<Kernel>(() => Promise.reject(new Error("no")));
    const tiles = new Tiles(kernel, () => {});
    tiles.get(0, axes, whole);
    await new Promise((done) => setTimeout(done, 0));
    tiles.get(0, axes, whole);
    expect(kernel).toHaveBeenCalledTimes(2);
  });
});
