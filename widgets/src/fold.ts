// Which nodes and links are visible for a set of open boxes: pure, no DOM.
import type { NodeSpec, Payload } from "./payload";

export interface SceneNode {
  key: string; // "v3", "o2", "v3.1", or "g4" for a closed box
  kind: "value" | "op" | "group";
  /** index in Payload.nodes, or in Payload.groups for a closed box */
  index: number;
  shape: "circle" | "rect" | "diamond" | "box";
  /** innermost open box around it */
  group: number | null;
  width: number;
  height: number;
}

export interface SceneLink {
  id: number;
  from: string;
  to: string;
  /** indices in Payload.edges; several where a closed box merges them */
  edges: number[];
  /** the op that the compact view left out */
  through: number | null;
}

export interface Scene {
  nodes: SceneNode[];
  links: SceneLink[];
  /** open boxes that hold something visible, outer before inner */
  groups: number[];
}

const CHARACTER = 6.8;

export function groupTitle(payload: Payload, group: number): string {
  const spec = payload.groups[group];
  return spec === undefined ? "" : `${spec.label} · ${spec.ops} op${spec.ops === 1 ? "" : "s"}`;
}

/** The boxes around a node or a box, outermost first. */
export function ancestors(payload: Payload, group: number | null): number[] {
  const path: number[] = [];
  const seen = new Set<number>();
  for (let g = group; g !== null && !seen.has(g); g = payload.groups[g]?.parent ?? null) {
    seen.add(g);
    path.push(g);
  }
  return path.reverse();
}

/** The closed box that hides a node; null when the node is visible. */
export function hiddenBy(
  payload: Payload,
  node: NodeSpec,
  open: ReadonlySet<number>,
): number | null {
  return ancestors(payload, node.group).find((group) => !open.has(group)) ?? null;
}

export function initiallyOpen(payload: Payload): Set<number> {
  const open = new Set<number>();
  payload.groups.forEach((group, index) => {
    if (group.open) open.add(index);
  });
  return open;
}

/** Opens or closes one box; one that opens alone shows what it holds, however it began. */
export function toggled(open: ReadonlySet<number>, group: number): Set<number> {
  const next = new Set(open);
  if (!next.delete(group)) next.add(group);
  return next;
}

const SMALL_OPS = 12;

/** A lecture's scalar graph: drawn with its controls and nothing else. */
export function isSmall(payload: Payload): boolean {
  const scalars = payload.values.every((value) => value.shape.every((n) => n === 1));
  return scalars && payload.ops.length <= SMALL_OPS;
}

interface End {
  key: string;
  /** the op, where the end is a visible op node */
  op: number | null;
  boxed: boolean;
}

export function fold(payload: Payload, open: ReadonlySet<number>, compact: boolean): Scene {
  const scene: Scene = { nodes: [], links: [], groups: [] };
  const used = new Set<number>();
  const boxes = new Set<number>();
  const use = (group: number | null): void => {
    for (const ancestor of ancestors(payload, group)) used.add(ancestor);
  };

  const ends: End[] = payload.nodes.map((node, index) => {
    const box = hiddenBy(payload, node, open);
    if (box !== null) {
      if (!boxes.has(box)) {
        boxes.add(box);
        const parent = payload.groups[box]?.parent ?? null;
        use(parent);
        scene.nodes.push({
          key: `g${box}`,
          kind: "group",
          index: box,
          shape: "box",
          group: parent,
          width: Math.max(96, Math.round(groupTitle(payload, box).length * CHARACTER) + 40),
          height: 38,
        });
      }
      return { key: `g${box}`, op: null, boxed: true };
    }
    const op = node.kind === "op" ? node.ref : null;
    if (op === null || !compact) {
      use(node.group);
      scene.nodes.push({
        key: node.key,
        kind: node.kind,
        index,
        shape: node.shape,
        group: node.group,
        width: node.width,
        height: node.height,
      });
    }
    return { key: node.key, op, boxed: false };
  });
  scene.groups = [...used].sort(
    (a, b) => ancestors(payload, a).length - ancestors(payload, b).length || a - b,
  );

  const merged = new Map<string, SceneLink>();
  const join = (from: End, to: End, edges: number[], through: number | null): void => {
    if (from.key === to.key) return;
    // Between two plain nodes every edge counts; at a closed box they are drawn as one.
    if (from.boxed || to.boxed) {
      const name = `${from.key} ${to.key}`;
      const known = merged.get(name);
      if (known !== undefined) {
        known.edges.push(...edges.filter((edge) => !known.edges.includes(edge)));
        return;
      }
      const link = { id: scene.links.length, from: from.key, to: to.key, edges, through };
      merged.set(name, link);
      scene.links.push(link);
      return;
    }
    scene.links.push({ id: scene.links.length, from: from.key, to: to.key, edges, through });
  };

  const into = new Map<number, { end: End; edge: number }[]>();
  const outOf = new Map<number, { end: End; edge: number }[]>();
  const note = (
    table: Map<number, { end: End; edge: number }[]>,
    op: number,
    entry: { end: End; edge: number },
  ): void => {
    const entries = table.get(op);
    if (entries === undefined) table.set(op, [entry]);
    else entries.push(entry);
  };
  for (const link of payload.links) {
    const from = ends[link.from];
    const to = ends[link.to];
    if (from === undefined || to === undefined) continue;
    if (compact && to.op !== null) note(into, to.op, { end: from, edge: link.edge });
    else if (compact && from.op !== null) note(outOf, from.op, { end: to, edge: link.edge });
    else join(from, to, [link.edge], null);
  }
  for (const [op, inputs] of into) {
    for (const input of inputs) {
      for (const output of outOf.get(op) ?? []) {
        join(input.end, output.end, [input.edge, output.edge], op);
      }
    }
  }
  return scene;
}

/** The visible keys of a selected node ("v3", "o2"): its copies, or the box that holds it. */
export function visibleKeys(
  payload: Payload,
  key: string,
  open: ReadonlySet<number>,
): Set<string> {
  const keys = new Set<string>();
  const kind = key.startsWith("v") ? "value" : "op";
  const ref = Number(key.slice(1));
  for (const node of payload.nodes) {
    if (node.kind !== kind || node.ref !== ref) continue;
    const box = hiddenBy(payload, node, open);
    keys.add(box === null ? node.key : `g${box}`);
  }
  return keys;
}

/** The ops inside each box, nested boxes included. */
export function opsByGroup(payload: Payload): number[][] {
  const inside: number[][] = payload.groups.map(() => []);
  for (const node of payload.nodes) {
    if (node.kind !== "op") continue;
    for (const group of ancestors(payload, node.group)) inside[group]?.push(node.ref);
  }
  return inside;
}
