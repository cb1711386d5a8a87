import { describe, expect, it } from "vitest";
import { ArrayStore } from "../src/arrays";
import { Timeline } from "../src/state";
import { boxedGraph, longGraph, scalarGraph } from "./fixture";

const { payload, buffer } = scalarGraph();
const timeline = new Timeline(payload);
const arrays = new ArrayStore(payload, buffer, null);
const [A, B, K, C, S, D] = [0, 1, 2, 3, 4, 5] as const;

const number = (array: number | null): number | null =>
  array === null ? null : arrays.scalar(array);

describe("positions", () => {
  it("counts the steps of both passes", () => {
    expect(timeline.count).toBe(7);
    expect(timeline.forwardSteps).toBe(3);
    expect(timeline.step(0)).toBeNull();
    expect(timeline.step(1)?.op).toBe(0);
    expect(timeline.step(4)?.op).toBeNull();
  });

  it("keeps to what exists", () => {
    expect(timeline.clamp(-3)).toBe(0);
    expect(timeline.clamp(99)).toBe(7);
    expect(timeline.clamp(Number.NaN)).toBe(0);
  });

  it("finds the step of an op in the pass that is under way", () => {
    expect(timeline.positionOf(1, 1)).toBe(2);
    expect(timeline.positionOf(1, 5)).toBe(6);
  });
});

describe("values", () => {
  it("has the leaves from the start and fills the rest one by one", () => {
    const filled = (position: number): number[] =>
      payload.values.flatMap((_, v) => (timeline.filled(v, position) ? [v] : []));
    expect(filled(0)).toEqual([A, B, K]);
    expect(filled(1)).toEqual([A, B, K, C]);
    expect(filled(2)).toEqual([A, B, K, C, S]);
    expect(filled(7)).toEqual([A, B, K, C, S, D]);
  });
});

describe("gradients", () => {
  it("are not zero before they are reached", () => {
    expect(timeline.gradient(A, 6)).toEqual({ state: "pending", arrived: 0, total: 1, array: null });
  });

  it("are none where none is required, at every position", () => {
    for (let p = 0; p <= 7; p += 1) expect(timeline.gradient(K, p).state).toBe("none");
  });

  it("are set for the output by the seed step", () => {
    expect(timeline.gradient(D, 3).state).toBe("pending");
    expect(timeline.gradient(D, 4).state).toBe("arrived");
    expect(number(timeline.gradient(D, 4).array)).toBe(1);
  });

  it("arrive as contributions, two of one step for a repeated operand", () => {
    expect(timeline.gradient(C, 5).state).toBe("pending");
    const c = timeline.gradient(C, 6);
    expect([c.state, c.arrived, c.total, number(c.array)]).toEqual(["arrived", 2, 2, -6]);
  });

  it("end as the payload says", () => {
    payload.values.forEach((value, v) => {
      const last = timeline.gradient(v, timeline.count);
      expect(number(last.array)).toBe(number(value.gradient));
    });
  });

  it("are partial sums between the first and the last consumer", () => {
    const { payload: long } = longGraph(2);
    const x = long.values[1]!;
    // The first op is made to send to x1 as well, so that two steps contribute to it.
    const extra = long.edges.push({ ...long.edges[2]!, op: 0, contribution: 3, accumulated: 4 }) - 1;
    x.contributions.push(extra);
    long.steps.at(-1)!.sends.push(extra);
    const states = new Timeline(long);
    const seen = Array.from({ length: states.count + 1 }, (_, p) => states.gradient(1, p));
    expect(seen.map((g) => g.state)).toEqual([
      "pending", "pending", "pending", "pending", "partial", "arrived",
    ]);
    expect(seen[4]).toMatchObject({ arrived: 1, total: 2 });
    expect(seen[4]?.array).toBe(long.edges[x.contributions[0]!]?.accumulated);
    expect(seen[5]?.array).toBe(x.gradient);
  });
});

describe("edges", () => {
  const edge = (value: number, op: number): number =>
    payload.edges.findIndex((e) => e.value === value && e.op === op);

  it("wait, then point forward, then back", () => {
    const into = edge(C, 1);
    const directions = [0, 1, 2, 5, 6, 7].map((p) => timeline.edge(into, p).direction);
    expect(directions).toEqual(["idle", "idle", "forward", "forward", "backward", "backward"]);
  });

  it("turn for an op's output when the op reads its gradient", () => {
    const out = payload.edges.findIndex((e) => !e.is_input && e.value === D);
    expect(timeline.edge(out, 4).direction).toBe("forward");
    expect(timeline.edge(out, 5)).toEqual({ direction: "backward", current: true });
  });

  it("never turn where no gradient travels", () => {
    const constant = edge(K, 2);
    expect(timeline.edge(constant, 7).direction).toBe("forward");
    expect(timeline.edge(constant, 5).current).toBe(false);
  });

  it("are current only in the step of their op", () => {
    const current = (p: number): number[] =>
      payload.edges.flatMap((_, i) => (timeline.edge(i, p).current ? [i] : []));
    expect(current(0)).toEqual([]);
    expect(current(2)).toEqual([3, 4, 5]);
    expect(current(4)).toEqual([]);
    expect(current(6)).toEqual([3, 4, 5]);
  });
});

describe("changes", () => {
  it.each([
    ["scalar", scalarGraph()],
    ["boxed", boxedGraph()],
    ["long", longGraph(12)],
  ])("name everything that looks different between any two positions: %s", (_, fixture) => {
    const t = new Timeline(fixture.payload);
    const look = (p: number) => ({
      values: fixture.payload.values.map((_v, v) =>
        JSON.stringify([t.filled(v, p), t.gradient(v, p)]),
      ),
      ops: fixture.payload.ops.map((_o, o) =>
        JSON.stringify([t.ran(o, p), t.sent(o, p), t.step(p)?.op === o && t.step(p)?.phase]),
      ),
      edges: fixture.payload.edges.map((_e, e) => JSON.stringify(t.edge(e, p))),
    });
    const looks = Array.from({ length: t.count + 1 }, (_v, p) => look(p));
    for (let from = 0; from <= t.count; from += 1) {
      for (let to = 0; to <= t.count; to += 1) {
        const changes = t.changes(from, to);
        const [before, after] = [looks[from]!, looks[to]!];
        for (const kind of ["values", "ops", "edges"] as const) {
          before[kind].forEach((text, i) => {
            if (text === after[kind][i]) return;
            expect(changes[kind].has(i), `${kind} ${i}, ${from}→${to}`).toBe(true);
          });
        }
      }
    }
  });

  it("of one step are few", () => {
    const t = new Timeline(longGraph(200).payload);
    const changes = t.changes(100, 101);
    expect(changes.values.size + changes.ops.size + changes.edges.size).toBeLessThan(12);
  });
});
