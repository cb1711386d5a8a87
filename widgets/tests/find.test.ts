import { describe, expect, it } from "vitest";
import { search, searchIndex } from "../src/find";
import { isSmall } from "../src/fold";
import { shownLines } from "../src/source";
import { boxedGraph, longGraph, scalarGraph } from "./fixture";

describe("find", () => {
  const index = searchIndex(scalarGraph().payload);
  const keys = (query: string): string[] => search(index, query).map((found) => found.key);

  it("puts the exact label first", () => {
    expect(keys("c")[0]).toBe("v3");
    expect(keys("S")[0]).toBe("v4");
  });

  it("finds ops by name and by line", () => {
    expect(keys("multi")).toEqual(["o0", "o1", "o2"]);
    expect(keys("line 1")).toEqual(["o0", "o1", "o2"]);
  });

  it("finds nothing for nothing", () => {
    expect(keys("  ")).toEqual([]);
    expect(keys("no such thing")).toEqual([]);
  });

  it("shows ten at most", () => {
    expect(search(searchIndex(longGraph(50).payload), "tanh")).toHaveLength(10);
  });
});

describe("source", () => {
  const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i}`);

  it("shows a short source whole", () => {
    const source = { title: "cell", first_line: 5, lines: lines(3) };
    expect(shownLines(source, new Set([6]))).toEqual([5, 6, 7]);
  });

  it("shows of a long one what is around the lines that made the graph", () => {
    const source = { title: "train.py", first_line: 1, lines: lines(500) };
    expect(shownLines(source, new Set([10, 100]))).toEqual([
      8, 9, 10, 11, 12, 98, 99, 100, 101, 102,
    ]);
  });
});

describe("the smallest form", () => {
  it("is for a few scalars only", () => {
    expect(isSmall(scalarGraph().payload)).toBe(true);
    expect(isSmall(boxedGraph().payload)).toBe(false);
  });
});
