import { describe, expect, it } from "vitest";
import type { Context } from "../src/context";
import { Diagnosing, readDiagnosis } from "../src/diagnosing";
import { at, counted, followers, roots, signs, wayTo } from "../src/findings";
import type { Diagnosis, FindingSpec } from "../src/payload";
import { boxedGraph } from "./fixture";

const { payload } = boxedGraph();
const [NET, INNER] = [0, 1];

function finding(key: string, more: Partial<FindingSpec> = {}): FindingSpec {
  return {
    kind: "vanishing",
    severity: "warning",
    title: "it loses 3 decades",
    cause: "A cause.",
    advice: "do this",
    threshold: "",
    numbers: [],
    module: "",
    source: "",
    reference: "",
    key,
    node: "",
    position: null,
    parent: null,
    path: [],
    suspects: [],
    ...more,
  };
}

const diagnosis: Diagnosis = {
  summary: "",
  notes: [],
  findings: [
    finding("o0", { severity: "info", position: 7, path: [7, 6, 5, 3, 2] }),
    finding("o2", { parent: 0 }),
    finding("o1", { severity: "error", kind: "dead-relu", node: "v3" }),
    finding("o1"),
    finding(""),
  ],
};

describe("a diagnosis", () => {
  it("is none where nothing was sent", () => {
    expect(readDiagnosis("")).toBeNull();
    expect(readDiagnosis(JSON.stringify(diagnosis))).toEqual(diagnosis);
  });

  it("is counted by severity, its causes alone", () => {
    expect(roots(diagnosis)).toEqual([0, 2, 3, 4]);
    expect(followers(diagnosis, 0)).toEqual([1]);
    expect(counted(diagnosis)).toBe("1 error, 2 warnings, 1 note");
    expect(counted({ summary: "", notes: [], findings: [] })).toBe("nothing found");
  });

  it("is found by the blamed op and by the value", () => {
    expect(at(diagnosis, "o1")).toEqual([2, 3]);
    expect(at(diagnosis, "v3")).toEqual([2]);
    expect(at(diagnosis, "")).toEqual([]);
  });
});

describe("badges", () => {
  it("are at the blamed ops, one for each with the worst severity", () => {
    const found = signs(payload, diagnosis, new Set([NET, INNER]));
    expect([...found]).toEqual([
      ["o0", { severity: "info", findings: [0] }],
      ["o1", { severity: "error", findings: [2, 3] }],
    ]);
  });

  it("are on what an op makes where the view leaves ops out", () => {
    const seen = (key: string): boolean => key.startsWith("v");
    const found = signs(payload, diagnosis, new Set([NET, INNER]), seen);
    expect([...found.keys()]).toEqual(["v2", "v3"]);
  });

  it("are on the closed box that hides the op", () => {
    const found = signs(payload, diagnosis, new Set());
    expect([...found]).toEqual([["g0", { severity: "error", findings: [0, 2, 3] }]]);
  });
});

describe("the way from the loss", () => {
  it("holds the ends of its edges", () => {
    const way = wayTo(payload, diagnosis.findings[0]);
    expect(way.edges).toEqual(new Set([7, 6, 5, 3, 2]));
    expect([...way.ops].sort()).toEqual([0, 1, 2]);
    expect(wayTo(payload, undefined).edges.size).toBe(0);
  });
});

describe("going to the cause", () => {
  function open(): { told: string[]; diagnosing: Diagnosing; changes: () => number } {
    const told: string[] = [];
    let changed = 0;
    const context = {
      payload,
      goTo: (position: number) => told.push(`goto ${position}`),
      find: (key: string) => told.push(`find ${key}`),
      announce: (text: string) => told.push(text),
    } as unknown as Context;
    const diagnosing = new Diagnosing(context, () => {
      changed += 1;
    });
    diagnosing.set(diagnosis);
    return { told, diagnosing, changes: () => changed };
  }

  it("opens the finding, moves to its step and looks for its node", () => {
    const { told, diagnosing } = open();
    diagnosing.goToCause(0);
    expect(diagnosing.opened).toBe(0);
    expect(diagnosing.way.edges.size).toBe(5);
    expect(told).toEqual(["info, vanishing: it loses 3 decades", "goto 7", "find o0"]);
  });

  it("goes round the causes, both ways", () => {
    const { diagnosing } = open();
    const seen = [1, 2, 3, 4, 5].map(() => {
      diagnosing.next(1);
      return diagnosing.opened;
    });
    expect(seen).toEqual([0, 2, 3, 4, 0]);
    diagnosing.next(-1);
    expect(diagnosing.opened).toBe(4);
    diagnosing.open(1);
    diagnosing.next(1);
    expect(diagnosing.opened).toBe(2);
  });

  it("changes nothing where nothing opens anew", () => {
    const { diagnosing, changes } = open();
    diagnosing.open(2);
    const before = changes();
    diagnosing.open(2);
    expect(changes()).toBe(before);
    diagnosing.open(99);
    expect(diagnosing.opened).toBe(-1);
    expect(diagnosing.way.edges.size).toBe(0);
  });
});
