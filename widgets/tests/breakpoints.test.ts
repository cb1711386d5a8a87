import { describe, expect, it } from "vitest";
import {
  Breakpoints,
  describe as name,
  nodeBreakpoint,
  parseBreakpoint,
  parseCondition,
} from "../src/breakpoints";
import { Timeline } from "../src/state";
import { boxedGraph, scalarGraph } from "./fixture";

const { payload } = boxedGraph();
payload.ops[2]!.place = { source: 0, line: 2, end_line: 2, column: 0, end_column: 5 };
const timeline = new Timeline(payload);

/** All positions at which what a text says stops, forwards and backwards. */
function stops(text: string, of = timeline): number[] {
  const breakpoint = parseBreakpoint(of.payload, text);
  if (breakpoint === null) throw new Error(`not read: ${text}`);
  const set = new Breakpoints(of, () => {});
  set.toggle(breakpoint);
  const there: number[] = [];
  for (let p = set.next(0, 1); p !== null; p = set.next(p, 1)) there.push(p);
  const back: number[] = [];
  for (let p = set.next(of.count + 1, -1); p !== null; p = set.next(p, -1)) back.push(p);
  expect(back.reverse()).toEqual(there);
  return there;
}

describe("what can be typed", () => {
  it("is read, and told again in the same words", () => {
    for (const text of ["isnan", "isinf", "norm > 1e3", "gain < -1 decade", "module net", "line 1"]) {
      const read = parseBreakpoint(payload, text);
      expect(read && name(payload, read)).toBe(text);
    }
    expect(parseCondition("norm>1e3")).toEqual({ quantity: "norm", sign: ">", bound: 1000 });
    expect(parseCondition("gain <= -1 decade")).toMatchObject({ sign: "<=", bound: -1 });
  });

  it("is refused where it is nothing of this graph", () => {
    for (const text of ["", "nan", "norm", "norm > x", "norm > 1 decade", "op conv", "module x", "line 9"]) {
      expect(parseBreakpoint(payload, text), text).toBeNull();
    }
  });
});

describe("where a run stops", () => {
  it("at every op of a kind, in both passes", () => {
    expect(stops("op multiply")).toEqual([1, 7]);
  });

  it("where a module is entered or a line come to, once", () => {
    expect(stops("module net")).toEqual([1, 6]);
    expect(stops("module net.inner")).toEqual([1, 7]);
    expect(stops("line 1")).toEqual([1, 6]);
  });

  it("at a node: an op when it runs, a value when it is filled or sent to", () => {
    const set = new Breakpoints(timeline, () => {});
    set.toggle(nodeBreakpoint("v2"));
    expect([set.next(0, 1), set.next(1, 1), set.next(6, 1)]).toEqual([1, 6, null]);
  });

  it("where a norm is beyond a bound", () => {
    // p = (3, 8), q = (6, 16), y = 22; gradients (1, 1), then (1, 1) + (1, 1), then (2, 4).
    expect(stops("norm > 10")).toEqual([2, 3]);
    expect(stops("norm < 2")).toEqual([4, 5, 6]);
    expect(stops("norm >= 22")).toEqual([3]);
    expect(stops("max > 15")).toEqual([2, 3]);
    expect(stops("rms > 20")).toEqual([3]);
  });

  it("where a number is no number", () => {
    const broken = scalarGraph().payload;
    expect(stops("isnan", new Timeline(broken))).toEqual([]);
    broken.arrays[broken.values[4]!.data]!.stats.nan = 1;
    expect(stops("isnan", new Timeline(broken))).toEqual([2]);
  });

  it("where the gain that Python sent is beyond a bound, and never where there is none", () => {
    const damped = scalarGraph().payload;
    const edge = damped.ops[2]!.inputs[0]!.edge;
    damped.edges[edge]!.gain = -1.5;
    expect(stops("gain < -1", new Timeline(damped))).toEqual([5]);
    expect(stops("gain < -2", new Timeline(damped))).toEqual([]);
  });

  it("nowhere once it is switched off", () => {
    const set = new Breakpoints(timeline, () => {});
    const everySum = { kind: "op", what: "sum", at: "" } as const;
    set.toggle(everySum);
    expect(set.next(0, 1)).toBe(3);
    set.enable(everySum, false);
    expect(set.next(0, 1)).toBeNull();
    set.toggle(everySum);
    expect(set.entries).toEqual([]);
  });
});
