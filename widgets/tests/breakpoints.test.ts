import { describe, expect, it } from "vitest";
import {
  Breakpoints,
  describe as name,
  nodeBreakpoint,
  parseBreakpoint,
  suggestions,
} from "../src/breakpoints";
import { parseCondition } from "../src/conditions";
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

  it("where the gradient passes a power of ten times the loss's", () => {
    const faded = scalarGraph().payload;
    // d∇ = 1, s∇ = 0.5; what c is sent is made 0.04, and then a hundredth of that.
    const [first, second] = [faded.ops[1]!.inputs[0]!.edge, faded.ops[0]!.inputs[0]!.edge];
    const norm = (edge: number, size: number): void => {
      faded.arrays[faded.edges[edge]!.contribution!]!.stats.norm = size;
    };
    norm(first, 0.04);
    norm(faded.ops[1]!.inputs[1]!.edge, 0.2);
    faded.arrays[faded.values[3]!.gradient!]!.stats.norm = 0.04;
    norm(second, 0.0004);
    norm(faded.ops[0]!.inputs[1]!.edge, 0.03);
    const of = new Timeline(faded);
    expect(stops("norm drops a decade", of)).toEqual([6, 7]);
    expect(stops("rms drops 3 decades", of)).toEqual([7]);
    expect(stops("norm rises a decade", of)).toEqual([]);
    norm(second, 40);
    expect(stops("norm rises a decade", of)).toEqual([7]);
    norm(second, 0);
    expect(stops("norm drops 9 decades", of)).toEqual([7]);
    expect(parseCondition("norm drops 0 decades")).toBeNull();
  });
});

describe("findings", () => {
  const findings = [
    { kind: "vanishing", position: 5 },
    { kind: "dead-relu", position: 2 },
    { kind: "diverging", position: null },
  ];

  it("can be named where there are some", () => {
    expect(parseBreakpoint(payload, "finding")).toBeNull();
    expect(parseBreakpoint(payload, "finding symmetry", findings)).toBeNull();
    const any = parseBreakpoint(payload, "finding", findings);
    expect(any).toEqual({ kind: "finding", what: "any", at: "" });
    expect(any && name(payload, any)).toBe("any finding");
    expect(suggestions(payload, findings).slice(0, 2)).toEqual(["finding", "finding vanishing"]);
    expect(suggestions(payload)[0]).toBe("isnan");
  });

  it("stop a run where they show", () => {
    const stopsAt = (what: string): (number | null)[] => {
      const set = new Breakpoints(timeline, () => {}, () => findings);
      set.toggle({ kind: "finding", what, at: "" });
      const first = set.next(0, 1);
      return [first, set.next(first ?? 99, 1)];
    };
    expect(stopsAt("any")).toEqual([2, 5]);
    expect(stopsAt("vanishing")).toEqual([5, null]);
    expect(stopsAt("diverging")).toEqual([null, null]);
  });
});
