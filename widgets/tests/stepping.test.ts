import { describe, expect, it } from "vitest";
import { Timeline } from "../src/state";
import { Stepping } from "../src/stepping";
import { boxedGraph, scalarGraph } from "./fixture";

// Forward: op 0 in net/inner, op 1 in net, op 2; backward: the seed, op 2, op 1, op 0.
const timeline = new Timeline(boxedGraph().payload);
const stepping = new Stepping(timeline);
const walk = (from: number, move: (position: number) => number): number[] => {
  const seen = [from];
  for (let to = move(from); to !== seen.at(-1); to = move(to)) seen.push(to);
  return seen;
};

describe("granularity", () => {
  it("op: every step, there and back", () => {
    expect(walk(0, (p) => stepping.step(p, "op", 1))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(walk(7, (p) => stepping.step(p, "op", -1))).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it("edge: one contribution at a time, there and back", () => {
    const all = [0, 1, 2, 3, 4, 5, 5.5, 6, 7];
    expect(walk(0, (p) => stepping.step(p, "edge", 1))).toEqual(all);
    expect(walk(7, (p) => stepping.step(p, "edge", -1))).toEqual(all.reverse());
  });

  it("module: what is entered at once, there and back", () => {
    expect(walk(0, (p) => stepping.step(p, "module", 1))).toEqual([0, 2, 3, 4, 5, 7]);
    expect(walk(7, (p) => stepping.step(p, "module", -1))).toEqual([7, 5, 4, 3, 2, 0]);
  });
});

describe("verbs", () => {
  it("step over goes past what it enters, and one op at a time inside", () => {
    expect(stepping.over(0, 1)).toBe(2);
    expect(stepping.over(1, 1)).toBe(2);
    expect(stepping.over(5, 1)).toBe(7);
    expect(stepping.over(6, 1)).toBe(7);
    expect(stepping.over(7, -1)).toBe(5);
    expect(stepping.over(2, -1)).toBe(0);
  });

  it("step out leaves the module one stands in, outside of any the pass", () => {
    expect(stepping.out(0, 1)).toBe(3);
    expect(stepping.out(1, 1)).toBe(2);
    expect(stepping.out(2, 1)).toBe(3);
    expect(stepping.out(5.5, 1)).toBe(7);
    expect(stepping.out(1, -1)).toBe(0);
    expect(stepping.out(4, -1)).toBe(3);
  });

  it("from between two contributions an op is finished or undone", () => {
    expect(stepping.into(5.5, 1)).toBe(6);
    expect(stepping.into(5.5, -1)).toBe(5);
  });

  it("runs to where a node is done next, else to where it was last", () => {
    expect(stepping.stops("o1")).toEqual([2, 6]);
    expect(stepping.to("o1", 0)).toBe(2);
    expect(stepping.to("o1", 2)).toBe(6);
    expect(stepping.to("o0", 6.5)).toBe(7);
    expect(stepping.to("o1", 7)).toBe(6);
    expect(stepping.to("o1", 6)).toBeNull();
    expect(stepping.stops("v2")).toEqual([1, 6]);
    expect(stepping.to("nonsense", 0)).toBeNull();
  });
});

describe("between two contributions", () => {
  it("a gradient is partial, and the step says how far it has come", () => {
    const { payload } = scalarGraph();
    const scalar = new Timeline(payload);
    const c = payload.values.findIndex((value) => value.label === "c");
    expect(scalar.gradient(c, 5.5)).toMatchObject({ state: "partial", arrived: 1, total: 2 });
    expect(scalar.gradient(c, 6).state).toBe("arrived");
    expect(scalar.part(5.5)).toEqual({ done: 1, of: 2 });
    expect(scalar.title(5.5)).toMatch(/backward 3 of 4 · 1 of 2 sent/);
    expect(scalar.sentence(5.5)).toContain("contribution");
  });

  it("positions are exact however one gets there", () => {
    for (const p of [5.2, 5.3333, 5.51, 5.74]) expect([5, 5.5]).toContain(timeline.clamp(p));
    expect(timeline.clamp(5.76)).toBe(6);
    expect(timeline.clamp(4.6)).toBe(5);
  });
});
