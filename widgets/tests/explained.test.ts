import { describe, expect, it, vi } from "vitest";
import { sentence } from "../src/check_view";
import { Explanations, NEEDS_KERNEL } from "../src/explained";
import type { Kernel } from "../src/kernel";
import type { CheckTold } from "../src/told";
import { elementName, unravel } from "../src/watch";

const paths = { told: "1 path to the loss", exact: true, paths: [] };

describe("explanations", () => {
  it("lie on the page", async () => {
    const page = new Explanations({ "paths 3": paths, "element 3,0,1": {}, "element 13,0": {} }, null);
    expect(page.get("paths", [3])).toBe(paths);
    expect(await page.ask("paths", [3])).toBe(paths);
    expect(page.knownOf("element", 3)).toEqual([[0, 1]]);
  });

  it("say what needs a kernel", async () => {
    const page = new Explanations({}, null);
    expect(page.get("check", [1])).toBeUndefined();
    await expect(page.ask("check", [1])).rejects.toThrow(NEEDS_KERNEL);
  });

  it("are asked for once", async () => {
    const kernel = vi.fn<Kernel>(() =>
      Promise.resolve({ answer: { type: "explanation", request: 0, found: paths }, elements: null }),
    );
    const page = new Explanations({}, kernel);
    expect(await page.ask("paths", [4])).toBe(paths);
    expect(await page.ask("paths", [4])).toBe(paths);
    expect(kernel.mock.calls).toEqual([["explain", { about: "paths", of: [4] }]]);
    expect(page.get("paths", [4])).toBe(paths);
  });
});

describe("the outcome of a check", () => {
  const agrees: CheckTold = {
    label: "W∇", ok: true, size: 6, checked: 6, kinks: 0, error: 1.25e-10, note: "", culprits: [],
    elements: [],
  };

  it("is a sentence", () => {
    expect(sentence(agrees, false)).toBe(
      "✓ W∇ agrees with central differences: 6 elements, relative error at most 1.3e−10.",
    );
    expect(sentence({ ...agrees, size: 900 }, false)).toContain("6 of 900 elements");
    expect(sentence({ ...agrees, checked: 1 }, true)).toContain("The VJP of W∇ agrees");
  });

  it("is no agreement where there is no derivative, and no silence where it differs", () => {
    expect(sentence({ ...agrees, kinks: 6 }, false)).toMatch(/^! .*kink/);
    expect(sentence({ ...agrees, kinks: 5 }, false)).toMatch(/^✓/);
    expect(sentence({ ...agrees, ok: false }, false)).toMatch(/^✗ W∇ disagrees/);
  });
});

describe("the name of an element", () => {
  it("has its index", () => {
    expect(unravel([2, 3, 4], 23)).toEqual([1, 2, 3]);
    expect(elementName("k", [2, 3], 4)).toBe("k[1, 1]");
    expect(elementName("x @ W", [2], 1)).toBe("(x @ W)[1]");
    expect(elementName("loss", [], 0)).toBe("loss");
  });
});
