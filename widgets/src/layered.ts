// A simple layered layout, for where Graphviz cannot run or takes too long:
// ranks by longest path, order by barycentre, rows centred. Linear but for the sorts.
// Every open box is arranged by itself and is then one box for the box around it, so that
// frames hold nothing but what is theirs and never overlap.
import { ancestors, type Scene, type SceneNode } from "./fold";
import type { Layout, PlacedLink, Point, Rect } from "./geometry";
import type { Payload } from "./payload";

const GAP_X = 26;
const GAP_Y = 40;
const BOX_MARGIN = 12;
const TITLE = 20;
const TITLE_CHARACTER = 6.6;
const ARROW = 8;
const SWEEPS = 4;

interface Size {
  width: number;
  height: number;
}

/** What a box, or the top level, holds directly: nodes, and boxes with what is in them. */
interface Container {
  members: { key: string; box: number | null; size: Size }[];
  places: Map<string, number>;
  links: [number, number][];
  centres: Point[];
  size: Size;
}

export function layered(payload: Payload, scene: Scene): Layout {
  const containers = contain(payload, scene);
  // Inner boxes first: their sizes are known when the box around them is arranged.
  for (const group of [...[...scene.groups].reverse(), null]) {
    const container = containers.get(group);
    if (container === undefined) continue;
    for (const member of container.members) {
      const inner = member.box === null ? undefined : containers.get(member.box);
      if (inner !== undefined) member.size = framed(payload, member.box, inner.size);
    }
    arrange(container);
  }
  const whole = containers.get(null)?.size ?? { width: 1, height: 1 };
  const layout: Layout = {
    width: Math.max(1, whole.width),
    height: Math.max(1, whole.height),
    nodes: new Map(),
    groups: new Map(),
    links: new Map(),
    engine: "layered",
  };
  for (const group of [null, ...scene.groups]) place(containers.get(group), group, layout);
  connectAll(scene, layout);
  return layout;
}

/** Sorts nodes and links into the boxes; a link belongs to the innermost box around both ends. */
function contain(payload: Payload, scene: Scene): Map<number | null, Container> {
  const containers = new Map<number | null, Container>();
  const of = (group: number | null): Container => {
    let found = containers.get(group);
    if (found === undefined) {
      found = { members: [], places: new Map(), links: [], centres: [], size: { width: 0, height: 0 } };
      containers.set(group, found);
    }
    return found;
  };
  const add = (group: number | null, key: string, box: number | null, size: Size): void => {
    const { members, places } = of(group);
    places.set(key, members.push({ key, box, size }) - 1);
  };
  const groupOf = new Map<string, number | null>();
  const known = new Set<number>();
  // In the order of the nodes, so that what comes first in the graph stands first.
  for (const node of scene.nodes) {
    groupOf.set(node.key, node.group);
    for (let box = node.group; box !== null && !known.has(box); ) {
      known.add(box);
      const parent = payload.groups[box]?.parent ?? null;
      add(parent, `box ${box}`, box, { width: 0, height: 0 });
      box = parent;
    }
    add(node.group, node.key, null, node);
  }
  for (const { from, to } of scene.links) {
    const [a, b] = [from, to].map((key) => [
      null,
      ...ancestors(payload, groupOf.get(key) ?? null),
    ]) as [(number | null)[], (number | null)[]];
    let depth = 0;
    while (depth + 1 < a.length && depth + 1 < b.length && a[depth + 1] === b[depth + 1]) depth += 1;
    const { places, links } = of(a[depth] ?? null);
    const end = (path: (number | null)[], key: string): number =>
      places.get(depth + 1 < path.length ? `box ${path[depth + 1]}` : key) ?? 0;
    links.push([end(a, from), end(b, to)]);
  }
  return containers;
}

/** The size of a box around its content, with room for its title. */
function framed(payload: Payload, box: number | null, content: Size): Size {
  const title = (payload.groups[box ?? -1]?.label.length ?? 0) * TITLE_CHARACTER + 30;
  return {
    width: Math.max(content.width + 2 * BOX_MARGIN, title),
    height: content.height + 2 * BOX_MARGIN + TITLE,
  };
}

/** Puts the members of a container into rows. */
function arrange(container: Container): void {
  const { members, links, centres } = container;
  const rows = order(ranks(members.length, links), links);
  const size = (i: number): Size => members[i]?.size ?? { width: 0, height: 0 };
  const widths = rows.map((row) => row.reduce((sum, i) => sum + size(i).width + GAP_X, -GAP_X));
  const width = Math.max(0, ...widths);
  let y = 0;
  rows.forEach((row, r) => {
    const height = Math.max(0, ...row.map((i) => size(i).height));
    let x = (width - (widths[r] ?? 0)) / 2;
    for (const i of row) {
      centres[i] = { x: x + size(i).width / 2, y: y + height / 2 };
      x += size(i).width + GAP_X;
    }
    y += height + GAP_Y;
  });
  container.size = { width, height: Math.max(0, y - GAP_Y) };
}

/** Moves what a container holds to where the container itself has been put. */
function place(container: Container | undefined, group: number | null, layout: Layout): void {
  if (container === undefined) return;
  const frame = group === null ? null : layout.groups.get(group);
  // A title may be wider than what is in its box.
  const spare = frame == null ? 0 : (frame.width - container.size.width) / 2;
  const corner = frame == null ? { x: 0, y: 0 } : { x: frame.x + spare, y: frame.y + BOX_MARGIN + TITLE };
  container.members.forEach(({ key, box, size }, i) => {
    const centre = container.centres[i] ?? { x: 0, y: 0 };
    const at = { x: corner.x + centre.x, y: corner.y + centre.y };
    if (box === null) {
      layout.nodes.set(key, at);
      return;
    }
    const { width, height } = size;
    const rect: Rect = { x: at.x - width / 2, y: at.y - height / 2, width, height };
    layout.groups.set(box, rect);
  });
}

/** Draws the links; parallel ones (x * x) leave their node side by side. */
function connectAll(scene: Scene, layout: Layout): void {
  const nodes = new Map(scene.nodes.map((node) => [node.key, node]));
  const used = new Map<string, number>();
  for (const { id, from, to } of scene.links) {
    const name = `${from} ${to}`;
    const nth = used.get(name) ?? 0;
    used.set(name, nth + 1);
    const shift = nth === 0 ? 0 : (nth % 2 === 1 ? 1 : -1) * Math.ceil(nth / 2) * 12;
    const [a, b] = [layout.nodes.get(from), layout.nodes.get(to)];
    if (a === undefined || b === undefined) continue;
    const bow = shift - around(scene, layout, a, b);
    const link = connect(nodes.get(from) as SceneNode, a, nodes.get(to) as SceneNode, b, shift, bow);
    layout.links.set(id, link);
  }
}

/** How far a link that passes rows must bend to the left so as not to run behind their nodes. */
function around(scene: Scene, layout: Layout, a: Point, b: Point): number {
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  if (bottom - top < 3 * GAP_Y) return 0;
  let reach = 0;
  for (const { key, width } of scene.nodes) {
    const at = layout.nodes.get(key) as Point;
    if (at.y <= top || at.y >= bottom) continue;
    const x = a.x + ((b.x - a.x) * (at.y - a.y)) / (b.y - a.y);
    if (Math.abs(at.x - x) < width / 2) reach = Math.max(reach, x - at.x + width / 2 + GAP_X / 2);
  }
  // A cubic whose two inner points are moved by d comes to 3/4 of d.
  return reach / 0.75;
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

function order(rank: number[], pairs: readonly [number, number][]): number[][] {
  const rows: number[][] = Array.from({ length: Math.max(0, ...rank) + 1 }, () => []);
  rank.forEach((r, i) => rows[r]?.push(i));
  const neighbours: number[][] = rank.map(() => []);
  for (const [from, to] of pairs) {
    neighbours[from]?.push(to);
    neighbours[to]?.push(from);
  }
  const place = new Array<number>(rank.length).fill(0);
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

function connect(
  from: SceneNode,
  a: Point,
  to: SceneNode,
  b: Point,
  shift: number,
  bow: number,
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
      { x: first.x + bow, y: first.y + bend },
      { x: last.x + bow, y: last.y - bend },
      last,
    ],
  };
}
