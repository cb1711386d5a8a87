// A scene as DOT text for Graphviz, and Graphviz's answer as positions.
// Only sizes and structure are sent: no label of the user's ever enters the DOT text.
import { ancestors, groupTitle, type Scene } from "./fold";
import type { Layout, PlacedLink, Point } from "./geometry";
import { straightLines } from "./lines";
import type { Payload } from "./payload";

const inches = (px: number): string => (px / 72).toFixed(4);

const SHAPES = { circle: "circle", rect: "box", diamond: "diamond", box: "box" } as const;

export function toDot(payload: Payload, scene: Scene): string {
  const names = new Map(scene.nodes.map((node, index) => [node.key, `n${index}`]));
  const members = new Map<number | null, string[]>();
  const children = new Map<number | null, number[]>();
  for (const group of scene.groups) {
    const parent = payload.groups[group]?.parent ?? null;
    children.set(parent, [...(children.get(parent) ?? []), group]);
  }
  const lineOf = straightLines(scene);
  for (const node of scene.nodes) {
    const group = lineOf.get(node.key);
    const line =
      `${names.get(node.key)} [shape=${SHAPES[node.shape]} ` +
      (group === undefined ? "" : `group=g${group} `) +
      `width=${inches(node.width)} height=${inches(node.height)}];`;
    const lines = members.get(node.group);
    if (lines === undefined) members.set(node.group, [line]);
    else lines.push(line);
  }

  const out = [
    "digraph g {",
    "graph [rankdir=TB nodesep=0.36 ranksep=0.3 splines=true outputorder=nodesfirst];",
    'node [fixedsize=true label=""];',
    "edge [dir=both arrowsize=0.8 arrowhead=normal arrowtail=normal];",
    ...(members.get(null) ?? []),
  ];
  // Boxes nest; a stack, not recursion, since a user may nest as deeply as they like.
  const stack: (number | "}")[] = [...(children.get(null) ?? [])].reverse();
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top === "}") {
      out.push("}");
      continue;
    }
    const title = "m".repeat(Math.min(48, Math.ceil(groupTitle(payload, top).length * 0.72) + 2));
    out.push(
      `subgraph cluster_${top} {`,
      `graph [label="${title}" fontsize=12 labelloc=t labeljust=l margin=12];`,
      ...(members.get(top) ?? []),
    );
    stack.push("}", ...[...(children.get(top) ?? [])].reverse());
  }
  out.push(...edgeLines(payload, scene, names), "}");
  return out.join("\n");
}

function edgeLines(payload: Payload, scene: Scene, names: ReadonlyMap<string, string>): string[] {
  const groupOf = new Map(scene.nodes.map((node) => [node.key, node.group]));
  const made = new Set(scene.links.map((link) => link.to));
  // Nodes that take a leaf which stands in the same box.
  const fed = new Set<string>();
  for (const { from, to } of scene.links) {
    const group = groupOf.get(to) ?? null;
    if (!made.has(from) && group !== null && groupOf.get(from) === group) fed.add(to);
  }
  return scene.links.map(({ id, from, to }) => {
    // The way of the data runs straight; parameters stand beside it.
    const weight = made.has(from) ? 6 : 1;
    // One rank more for a line into a box leaves the row above for the leaves inside,
    // so that one box stands below the other and not beside it.
    const inner = groupOf.get(to) ?? null;
    const around = ancestors(payload, groupOf.get(from) ?? null);
    const enters = inner !== null && !around.includes(inner) && fed.has(to);
    const minlen = enters ? " minlen=2" : "";
    return `${names.get(from)} -> ${names.get(to)} [id=${id} weight=${weight}${minlen}];`;
  });
}

interface DotJson {
  bb: string;
  objects?: { name: string; pos?: string; bb?: string }[];
  edges?: { id?: string; pos?: string }[];
}

const numbers = (text: string): number[] => text.split(/[ ,]+/).map(Number);

/** Reads Graphviz's `json0` output. */
export function readLayout(text: string, scene: Scene): Layout {
  const answer = JSON.parse(text) as DotJson;
  const [left = 0, bottom = 0, right = 0, top = 0] = numbers(answer.bb);
  const point = (x: number, y: number): Point => ({ x: x - left, y: top - y });
  const layout: Layout = {
    width: right - left,
    height: top - bottom,
    nodes: new Map(),
    groups: new Map(),
    links: new Map(),
    engine: "graphviz",
  };
  for (const object of answer.objects ?? []) {
    if (object.name.startsWith("cluster_") && object.bb !== undefined) {
      const [x0 = 0, y0 = 0, x1 = 0, y1 = 0] = numbers(object.bb);
      const corner = point(x0, y1);
      layout.groups.set(Number(object.name.slice(8)), {
        ...corner,
        width: x1 - x0,
        height: y1 - y0,
      });
    } else if (object.pos !== undefined) {
      const node = scene.nodes[Number(object.name.slice(1))];
      const [x = 0, y = 0] = numbers(object.pos);
      if (node !== undefined) layout.nodes.set(node.key, point(x, y));
    }
  }
  for (const edge of answer.edges ?? []) {
    if (edge.pos === undefined || edge.id === undefined) continue;
    const link = readSpline(edge.pos, point);
    if (link !== null) layout.links.set(Number(edge.id), link);
  }
  return layout;
}

/** A spline in Graphviz's words: "s,x,y e,x,y x,y x,y x,y x,y". */
function readSpline(text: string, point: (x: number, y: number) => Point): PlacedLink | null {
  let start: Point | null = null;
  let end: Point | null = null;
  const curve: Point[] = [];
  for (const part of text.split(";")[0]?.trim().split(/\s+/) ?? []) {
    const fields = part.split(",");
    const [x = Number.NaN, y = Number.NaN] = fields.slice(-2).map(Number);
    if (Number.isNaN(x) || Number.isNaN(y)) return null;
    if (fields[0] === "s") start = point(x, y);
    else if (fields[0] === "e") end = point(x, y);
    else curve.push(point(x, y));
  }
  const first = curve[0];
  const last = curve.at(-1);
  if (first === undefined || last === undefined) return null;
  return { start: start ?? first, end: end ?? last, curve };
}
