import { describe, expect, it } from "vitest";
import { ArrayStore } from "../src/arrays";
import { Timeline } from "../src/state";
import { dataLabel, dataNumber, history, numberAt, parseIndex, watchLabel } from "../src/watch";
import { boxedGraph, scalarGraph } from "./fixture";

describe("a watch", () => {
  it("follows the element of a gradient through the steps that add to it", () => {
    const { payload, buffer } = boxedGraph();
    const timeline = new Timeline(payload);
    const arrays = new ArrayStore(payload, buffer, null);
    const p = payload.values.findIndex((value) => value.label === "p");
    const changes = history(timeline, arrays, { value: p, index: [1] });
    expect(changes).toEqual([
      { position: 5.5, number: 1 },
      { position: 6, number: 2 },
    ]);
    expect([5, 5.5, 6, 7].map((at) => numberAt(changes ?? [], at))).toEqual([null, 1, 2, 2]);
  });

  it("of a whole array is its norm, as Python sent it", () => {
    const { payload, buffer } = scalarGraph();
    const arrays = new ArrayStore(payload, buffer, null);
    const d = payload.output;
    expect(history(new Timeline(payload), arrays, { value: d, index: null })).toEqual([
      { position: 4, number: 1 },
    ]);
    payload.arrays[payload.values[d]!.gradient!]!.stats.nan = 1;
    const broken = history(new Timeline(payload), arrays, { value: d, index: null });
    expect(broken?.[0]?.number).toBeNaN();
  });

  it("is null where the elements were not sent", () => {
    const { payload, buffer } = boxedGraph();
    for (const spec of payload.arrays) spec.full = null;
    const arrays = new ArrayStore(payload, buffer, null);
    expect(history(new Timeline(payload), arrays, { value: 1, index: [0] })).toBeNull();
  });

  it("has the number of the data, too", () => {
    const { payload, buffer } = boxedGraph();
    const arrays = new ArrayStore(payload, buffer, null);
    const data = arrays.elements(payload.values[1]!.data!)!;
    expect(dataNumber(payload, arrays, { value: 1, index: [1] })).toBe(data[1]);
    expect(dataNumber(payload, arrays, { value: 1, index: null })).toBeCloseTo(Math.hypot(...data));
    for (const spec of payload.arrays) spec.full = null;
    const unsent = new ArrayStore(payload, buffer, null);
    expect(dataNumber(payload, unsent, { value: 1, index: [1] })).toBeNull();
  });

  it("is named like the mathematics", () => {
    const { payload } = boxedGraph();
    expect(dataLabel(payload, { value: 1, index: [1] })).toBe("W[1]");
    expect(dataLabel(payload, { value: 1, index: null })).toBe("‖W‖");
    expect(watchLabel(payload, { value: 1, index: [1] })).toBe("W∇[1]");
    expect(watchLabel(payload, { value: 1, index: null })).toBe("‖W∇‖");
  });
});

describe("an index", () => {
  it("is read as Python writes it", () => {
    expect(parseIndex([4, 3], "[3, -1]")).toEqual([3, 2]);
    expect(parseIndex([4, 3], "3,2")).toEqual([3, 2]);
    for (const text of ["4, 0", "1", "a, b", "1, 2, 3", "1.5, 0"]) {
      expect(parseIndex([4, 3], text), text).toBeNull();
    }
  });
});
