// A simple layered layout, for where Graphviz cannot run or takes too long:
// ranks by longest path, order by barycentre, rows centred. Linear but for the sorts.
import { ancestors, type Scene, type SceneNode } from "./fold";
import type { Layout, PlacedLink, Point, Rect } from "./geometry";
import type { Payload } from "./payload";

const GAP_X = 26;
const GAP_Y = 40;
const BOX_MARGIN = 12;
const TITLE = 20;
const ARROW = 8;
const SWEEPS = 4;

export function layered(payload: Payload, scene: Scene): Layout {
  const index = new Map(scene.nodes.map((node, i) => [node.key, i]));
  const pairs = scene.links.map((link): [number, number] => [
    index.get(link.from) ?? 0,
    index.get(link.to) ?? 0,
  ]);
  const rank = ranks(scene.nodes.length, pairs);
  const rows = order(scene, rank, pairs);

  const centres: Point[] = [];
  let y = 0;
  const widths = rows.map((row) =>
    row.reduce((sum, i) => sum + (scene.nodes[i]?.width ?? 0) + GAP_X, -GAP_X),
  );
  const width = Math.max(1, ...widths);
  rows.forEach((row, r) => {
    const height = Math.max(0, ...row.map((i) => scene.nodes[i]?.height ?? 0));
    let x = (width - (widths[r] ?? 0)) / 2;
    for (const i of row) {
      const node = scene.nodes[i] as SceneNode;
      centres[i] = { x: x + node.width / 2, y: y + height / 2 };
      x += node.width + GAP_X;
    }
    y += height + GAP_Y;
  });

  const layout: Layout = {
    width,
    height: Math.max(1, y - GAP_Y),
    nodes: new Map(),
    groups: new Map(),
    links: new Map(),
    engine: "layered",
  };
  scene.nodes.forEach((node, i) => layout.nodes.set(node.key, centres[i] as Point));
  encloseGroups(payload, scene, layout);
  moveToOrigin(layout);
  // Parallel links (x * x) leave their node side by side.
  const used = new Map<string, number>();
  scene.links.forEach((link, i) => {
    const [from, to] = pairs[i] as [number, number];
    const name = `${from} ${to}`;
    const nth = used.get(name) ?? 0;
    used.set(name, nth + 1);
    const shift = nth === 0 ? 0 : (nth % 2 === 1 ? 1 : -1) * Math.ceil(nth / 2) * 12;
    layout.links.set(
      link.id,
      connect(
        scene.nodes[from] as SceneNode,
        centres[from] as Point,
        scene.nodes[to] as SceneNode,
        centres[to] as Point,
        shift,
      ),
    );
  });
  return layout;
}

/** Longest path from the sources; a cycle (boxes can make one) is cut at its first node. */
function ranks(count: number, pairs: readonly [number, number][]): number[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Array<number>(count).fill(0);
  for (const [from, to] of pairs) {
    out[from]?.push(to);
    waiting[to] = (waiting[to] ?? 0) + 1;
  }
  const rank = new Array<number>(count).fill(0);
  const done = new Array<boolean>(count).fill(false);
  const queue = waiting.flatMap((n, i) => (n === 0 ? [i] : []));
  let next = 0;
  for (let finished = 0; finished < count; ) {
    let i = queue.shift();
    if (i === undefined) {
      while (done[next]) next += 1;
      i = next;
    }
    if (done[i]) continue;
    done[i] = true;
    finished += 1;
    for (const to of out[i] ?? []) {
      if (done[to]) continue;
      rank[to] = Math.max(rank[to] ?? 0, (rank[i] ?? 0) + 1);
      waiting[to] = (waiting[to] ?? 1) - 1;
      if (waiting[to] === 0) queue.push(to);
    }
  }
  // A leaf stands just above its first consumer, not at the top of the page.
  for (let i = 0; i < count; i += 1) {
    const targets = out[i] ?? [];
    if (rank[i] === 0 && targets.length > 0) {
      rank[i] = Math.max(0, Math.min(...targets.map((to) => rank[to] ?? 0)) - 1);
    }
  }
  return rank;
}

function order(scene: Scene, rank: number[], pairs: readonly [number, number][]): number[][] {
  const rows: number[][] = Array.from({ length: Math.max(0, ...rank) + 1 }, () => []);
  rank.forEach((r, i) => rows[r]?.push(i));
  const neighbours: number[][] = scene.nodes.map(() => []);
  for (const [from, to] of pairs) {
    neighbours[from]?.push(to);
    neighbours[to]?.push(from);
  }
  const place = new Array<number>(scene.nodes.length).fill(0);
  const settle = (row: number[]): void => {
    row.forEach((i, x) => {
      place[i] = x - row.length / 2;
    });
  };
  rows.forEach(settle);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      const wish = new Map(
        row.map((i) => {
          const near = neighbours[i] ?? [];
          const sum = near.reduce((total, n) => total + (place[n] ?? 0), 0);
          return [i, near.length === 0 ? (place[i] ?? 0) : sum / near.length];
        }),
      );
      row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b);
      settle(row);
    }
  }
  return rows.filter((row) => row.length > 0);
}

function encloseGroups(payload: Payload, scene: Scene, layout: Layout): void {
  const edges = new Map<number, [number, number, number, number]>();
  for (const node of scene.nodes) {
    const centre = layout.nodes.get(node.key) as Point;
    const path = ancestors(payload, node.group);
    path.forEach((group, depth) => {
      // Outer boxes leave room for the margins of those inside.
      const pad = BOX_MARGIN * (path.length - depth);
      const box = edges.get(group) ?? [Infinity, Infinity, -Infinity, -Infinity];
      edges.set(group, [
        Math.min(box[0], centre.x - node.width / 2 - pad),
        Math.min(box[1], centre.y - node.height / 2 - pad - TITLE),
        Math.max(box[2], centre.x + node.width / 2 + pad),
        Math.max(box[3], centre.y + node.height / 2 + pad),
      ]);
    });
  }
  for (const [group, [x0, y0, x1, y1]] of edges) {
    const rect: Rect = { x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    layout.groups.set(group, rect);
  }
}

/** Boxes may reach beyond the rows; what is drawn begins at (0, 0). */
function moveToOrigin(layout: Layout): void {
  const rects = [...layout.groups.values()];
  const left = Math.min(0, ...rects.map((rect) => rect.x));
  const top = Math.min(0, ...rects.map((rect) => rect.y));
  const right = Math.max(layout.width, ...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(layout.height, ...rects.map((rect) => rect.y + rect.height));
  for (const point of [...layout.nodes.values(), ...rects]) {
    point.x -= left;
    point.y -= top;
  }
  layout.width = right - left;
  layout.height = bottom - top;
}

function connect(
  from: SceneNode,
  a: Point,
  to: SceneNode,
  b: Point,
  shift: number,
): PlacedLink {
  const down = b.y >= a.y ? 1 : -1;
  const start = { x: a.x + shift, y: a.y + (down * from.height) / 2 };
  const end = { x: b.x + shift, y: b.y - (down * to.height) / 2 };
  const first = { x: start.x, y: start.y + down * ARROW };
  const last = { x: end.x, y: end.y - down * ARROW };
  const bend = Math.max(6, Math.abs(last.y - first.y) / 2) * down;
  return {
    start,
    end,
    curve: [
      first,
      { x: first.x + shift, y: first.y + bend },
      { x: last.x + shift, y: last.y - bend },
      last,
    ],
  };
}
