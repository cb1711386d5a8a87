import { describe, expect, it } from "vitest";
import { ArrayStore, decode, fromBase64, plane } from "../src/arrays";
import { glyph } from "../src/heatmap";
import { defaultAxes, slicePlane } from "../src/slice";
import { scalarGraph } from "./fixture";

describe("decode", () => {
  it("reads every type, aligned or not", () => {
    const bytes = new Uint8Array(40);
    new Float64Array(bytes.buffer, 8, 2).set([1.5, Number.NaN]);
    expect([...decode(bytes.buffer, 8, { type: "f8", length: 2 })]).toEqual([1.5, Number.NaN]);
    const shifted = new Uint8Array(41);
    shifted.set(bytes, 1);
    expect([...decode(shifted.buffer, 9, { type: "f8", length: 2 })]).toEqual([1.5, Number.NaN]);
    expect(decode(bytes.buffer, 0, { type: "u1", length: 3 })).toBeInstanceOf(Uint8Array);
  });
});

describe("ArrayStore", () => {
  const { payload, buffer } = scalarGraph();

  it("reads through a view that does not begin at zero", () => {
    const padded = new Uint8Array(buffer.byteLength + 16);
    padded.set(new Uint8Array(buffer), 16);
    const store = new ArrayStore(payload, new DataView(padded.buffer, 16), null);
    expect(store.scalar(payload.values[1]!.data)).toBe(-3);
  });

  it("shows a summary until all elements are fetched", async () => {
    const { payload: own } = scalarGraph();
    own.arrays[0] = { ...own.arrays[0]!, shape: [2, 2], size: 4, full: null,
      thumb: { block: { type: "f8", offset: 0, length: 1 }, rows: 1, cols: 1 } };
    const asked: number[] = [];
    const store = new ArrayStore(own, buffer, (array) => {
      asked.push(array);
      return Promise.resolve(new Float64Array([1, 2, 3, 4]));
    });
    expect(store.elements(0)).toBeNull();
    expect(store.picture(0)).toMatchObject({ rows: 1, cols: 1, exact: false });
    expect([...(await store.fetch(0))]).toEqual([1, 2, 3, 4]);
    await store.fetch(0);
    expect(asked).toEqual([0]);
    expect(store.elements(0)).toHaveLength(4);
  });

  it("says that there is no kernel", async () => {
    const { payload: own } = scalarGraph();
    own.arrays[0] = { ...own.arrays[0]!, full: null };
    await expect(new ArrayStore(own, buffer, null).fetch(0)).rejects.toThrow("no kernel");
  });
});

describe("planes", () => {
  it("runs the last axis across", () => {
    expect(plane([])).toEqual({ rows: 1, cols: 1 });
    expect(plane([5])).toEqual({ rows: 1, cols: 5 });
    expect(plane([2, 3, 4])).toEqual({ rows: 6, cols: 4 });
  });

  it("cuts the plane at an index of the leading axes", () => {
    const elements = Float64Array.from({ length: 24 }, (_, i) => i);
    const cut = slicePlane([2, 3, 4], elements, { ...defaultAxes([2, 3, 4]), at: [1, 0, 0] });
    expect([cut.rows, cut.cols, cut.cells[0], cut.cells.length]).toEqual([3, 4, 12, 12]);
    expect(cut.index(2, 3)).toEqual([1, 2, 3]);
    expect(slicePlane([4], elements.subarray(0, 4), defaultAxes([4])).index(0, 2)).toEqual([2]);
    expect(slicePlane([], elements.subarray(0, 1), defaultAxes([])).index(0, 0)).toEqual([]);
    const deep = slicePlane([2, 2, 2, 3], elements, { row: 2, col: 3, at: [1, 0, 0, 0] });
    expect(deep.cells[0]).toBe(12);
  });
});

describe("glyphs", () => {
  it("tell apart what a colour cannot", () => {
    expect([Number.NaN, Infinity, -Infinity, 0, 1].map((x) => glyph(x, "float64"))).toEqual([
      "×", "▲", "▼", "", "",
    ]);
    expect(glyph(1e-320, "float64")).toBe("ε");
  });
});

describe("a saved page", () => {
  it("reads its buffer from base64, line breaks and all", () => {
    expect([...new Uint8Array(fromBase64("AQID\n /w=="))]).toEqual([1, 2, 3, 255]);
  });
});
