import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { readLayout, toDot } from "../src/dot";
import { fold } from "../src/fold";
import { arrowPath, type Layout, linkPath } from "../src/geometry";
import { layered } from "../src/layered";
import { boxedGraph, Builder, longGraph, scalarGraph } from "./fixture";

const graphviz = await Graphviz.load();
const FORMAT = "json0" as "json";

const fixtures = [
  ["scalar", scalarGraph().payload, new Set<number>()],
  ["boxes open", boxedGraph().payload, new Set([0, 1])],
  ["box closed", boxedGraph().payload, new Set([0])],
  ["long", longGraph(40).payload, new Set<number>()],
] as const;

function overlaps(layout: Layout, scene: ReturnType<typeof fold>): string[] {
  const found: string[] = [];
  scene.nodes.forEach((a, i) => {
    for (const b of scene.nodes.slice(i + 1)) {
      const p = layout.nodes.get(a.key)!;
      const q = layout.nodes.get(b.key)!;
      const apartX = Math.abs(p.x - q.x) >= (a.width + b.width) / 2 - 0.5;
      const apartY = Math.abs(p.y - q.y) >= (a.height + b.height) / 2 - 0.5;
      if (!apartX && !apartY) found.push(`${a.key} on ${b.key}`);
    }
  });
  return found;
}

describe.each(fixtures)("%s", (_, payload, open) => {
  const scene = fold(payload, open, false);
  const layouts: [string, Layout][] = [
    ["graphviz", readLayout(graphviz.layout(toDot(payload, scene), FORMAT, "dot"), scene)],
    ["layered", layered(payload, scene)],
  ];

  it.each(layouts)("%s places every node inside the drawing, none on another", (_name, layout) => {
    for (const node of scene.nodes) {
      const { x, y } = layout.nodes.get(node.key)!;
      expect(x - node.width / 2).toBeGreaterThanOrEqual(-0.5);
      expect(y - node.height / 2).toBeGreaterThanOrEqual(-0.5);
      expect(x + node.width / 2).toBeLessThanOrEqual(layout.width + 0.5);
      expect(y + node.height / 2).toBeLessThanOrEqual(layout.height + 0.5);
    }
    expect(overlaps(layout, scene)).toEqual([]);
  });

  it.each(layouts)("%s places every link, from top to bottom", (_name, layout) => {
    for (const link of scene.links) {
      const placed = layout.links.get(link.id)!;
      expect(placed.start.y).toBeLessThan(placed.end.y);
      expect(linkPath(placed, "end")).toMatch(/^M[-\d. ]+L/);
      expect(arrowPath(placed, "start", 4)).toMatch(/Z$/);
    }
  });

  it.each(layouts)("%s draws a box around all that it holds", (_name, layout) => {
    expect([...layout.groups.keys()].sort()).toEqual([...scene.groups].sort());
    for (const node of scene.nodes) {
      if (node.group === null) continue;
      const box = layout.groups.get(node.group)!;
      const { x, y } = layout.nodes.get(node.key)!;
      expect(x - node.width / 2).toBeGreaterThanOrEqual(box.x);
      expect(y + node.height / 2).toBeLessThanOrEqual(box.y + box.height);
    }
  });
});

describe("layered", () => {
  it("ends on a cycle, which closed boxes can make", () => {
    const { payload } = scalarGraph();
    const scene = fold(payload, new Set(), false);
    scene.links.push({ id: scene.links.length, from: "v5", to: "o0", edges: [], through: null });
    expect(layered(payload, scene).nodes.size).toBe(scene.nodes.length);
  });

  it("does not recurse: a chain of 20,000 nodes", () => {
    const { payload } = scalarGraph();
    const base = fold(payload, new Set(), false).nodes[0]!;
    const nodes = Array.from({ length: 20_000 }, (_, i) => ({ ...base, key: `v${i}` }));
    const links = nodes.slice(1).map((node, i) => ({
      id: i, from: `v${i}`, to: node.key, edges: [], through: null,
    }));
    const layout = layered(payload, { nodes, links, groups: [] });
    expect(layout.nodes.get("v19999")!.y).toBeGreaterThan(layout.nodes.get("v0")!.y);
  });
});

describe("DOT", () => {
  it("holds nothing that a user wrote", () => {
    const { payload } = boxedGraph();
    payload.groups[0]!.label = 'x"]; evil [shape=box';
    payload.values[0]!.label = "<b>&";
    const dot = toDot(payload, fold(payload, new Set([0, 1]), false));
    expect(dot).not.toContain("evil");
    expect(dot).not.toContain("<b>");
  });
});

describe("boxes", () => {
  it("stand one below the other along a chain of modules", () => {
    const make = new Builder();
    const matrix = { shape: [2, 2], gradient: [0, 0, 0, 0] };
    const ones = [1, 1, 1, 1];
    let h = make.value("x", ones, { ...matrix, role: "input" });
    const boxes = ["first", "second", "third"].map((label) => {
      const box = make.group(label);
      const w = make.value("W", ones, { ...matrix, group: box });
      const b = make.value("b", [2], { group: box });
      const k = make.value("k", ones, { ...matrix, role: "intermediate", group: box });
      const out = make.value("h", ones, { ...matrix, role: "intermediate", group: box });
      make.op("multiply", [h, w], k, box);
      make.op("add", [k, b], out, box);
      h = out;
      return box;
    });
    const { payload } = make.build();
    const scene = fold(payload, new Set(boxes), false);
    const layout = readLayout(graphviz.layout(toDot(payload, scene), FORMAT, "dot"), scene);
    const [a, b, c] = boxes.map((box) => layout.groups.get(box)!);
    expect(a!.y + a!.height).toBeLessThanOrEqual(b!.y);
    expect(b!.y + b!.height).toBeLessThanOrEqual(c!.y);
    const made = scene.nodes.filter((node) => scene.links.some((link) => link.to === node.key));
    const columns = new Set(made.map((node) => Math.round(layout.nodes.get(node.key)!.x)));
    expect(columns.size).toBe(1); // the way of the data runs straight down
  });
});
