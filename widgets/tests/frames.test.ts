// Module frames over well-known networks: nested, and siblings apart. The graphs are Python's, see
// tests/widget/architectures.py.
import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, it } from "vitest";
import { readLayout, toDot } from "../src/dot";
import { ancestors, fold } from "../src/fold";
import type { Layout, Rect } from "../src/geometry";
import { layered } from "../src/layered";
import type { Payload } from "../src/payload";
import text from "./architectures.json?raw";

const graphviz = await Graphviz.load();
const FORMAT = "json0" as "json";

const graphs = (JSON.parse(text) as (Payload & { name: string })[]).map((payload) => ({
  name: payload.name,
  payload,
}));

const apart = (a: Rect, b: Rect): boolean =>
  a.x + a.width <= b.x + 0.5 ||
  b.x + b.width <= a.x + 0.5 ||
  a.y + a.height <= b.y + 0.5 ||
  b.y + b.height <= a.y + 0.5;

const within = (a: Rect, b: Rect): boolean =>
  a.x >= b.x - 0.5 &&
  a.y >= b.y - 0.5 &&
  a.x + a.width <= b.x + b.width + 0.5 &&
  a.y + a.height <= b.y + b.height + 0.5;

/** All that is wrong with the frames of a layout. */
function faults(payload: Payload, layout: Layout, scene: ReturnType<typeof fold>): string[] {
  const found: string[] = [];
  const label = (group: number): string => `${payload.groups[group]?.label} (${group})`;
  for (const a of scene.groups) {
    const rect = layout.groups.get(a)!;
    const parent = payload.groups[a]?.parent ?? null;
    if (parent !== null && !within(rect, layout.groups.get(parent)!)) {
      found.push(`${label(a)} sticks out of ${label(parent)}`);
    }
    for (const b of scene.groups) {
      const related = ancestors(payload, a).includes(b) || ancestors(payload, b).includes(a);
      if (b <= a || related || apart(rect, layout.groups.get(b)!)) continue;
      found.push(`${label(a)} on ${label(b)}`);
    }
    for (const node of scene.nodes) {
      const { x, y } = layout.nodes.get(node.key)!;
      const { width, height } = node;
      const box = { x: x - width / 2, y: y - height / 2, width, height };
      const inside = ancestors(payload, node.group).includes(a);
      if (inside && !within(box, rect)) found.push(`${node.key} sticks out of ${label(a)}`);
      if (!inside && !apart(box, rect)) found.push(`${node.key} lies in ${label(a)}`);
    }
  }
  return found;
}

describe.each(graphs)("$name", ({ payload }) => {
  const all = new Set(payload.groups.keys());
  const initial = new Set([...all].filter((group) => payload.groups[group]?.open));
  const views = [["open", all, false], ["compact", all, true], ["at first", initial, false]] as const;

  it.each(views)("Graphviz, %s", (_, open, compact) => {
    const scene = fold(payload, open, compact);
    const layout = readLayout(graphviz.layout(toDot(payload, scene), FORMAT, "dot"), scene);
    expect(faults(payload, layout, scene)).toEqual([]);
  });

  it.each(views)("our own layers, %s", (_, open, compact) => {
    const scene = fold(payload, open, compact);
    expect(faults(payload, layered(payload, scene), scene)).toEqual([]);
  });
});
