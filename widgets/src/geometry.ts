// The shapes that a layout is made of. All lengths are CSS pixels, y downwards.

export interface Point {
  x: number;
  y: number;
}

export interface Rect extends Point {
  width: number;
  height: number;
}

export interface PlacedLink {
  /** where the link touches its two nodes */
  start: Point;
  end: Point;
  /** a chain of cubic Bézier curves between the two arrow heads: 1 + 3n points */
  curve: Point[];
}

export interface Layout {
  width: number;
  height: number;
  /** centres */
  nodes: Map<string, Point>;
  groups: Map<number, Rect>;
  /** by SceneLink.id; a link that could not be placed is absent */
  links: Map<number, PlacedLink>;
  engine: "graphviz" | "layered";
}

/** The smallest rectangle around two. */
export function union(a: Rect, b: Rect): Rect {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const right = Math.max(a.x + a.width, b.x + b.width);
  const bottom = Math.max(a.y + a.height, b.y + b.height);
  return { x, y, width: right - x, height: bottom - y };
}

const round = (x: number): string => (Math.round(x * 10) / 10).toString();

const at = (p: Point): string => `${round(p.x)} ${round(p.y)}`;

/** The line of a link; the arrow head takes the place of the stretch at one end. */
export function linkPath(link: PlacedLink, arrow: "start" | "end"): string {
  const [first, ...rest] = link.curve;
  if (first === undefined) return `M${at(link.start)}L${at(link.end)}`;
  let path = arrow === "start" ? `M${at(first)}` : `M${at(link.start)}L${at(first)}`;
  for (let i = 0; i + 2 < rest.length; i += 3) {
    path += `C${[rest[i], rest[i + 1], rest[i + 2]].map((p) => at(p as Point)).join(" ")}`;
  }
  return arrow === "start" ? `${path}L${at(link.end)}` : path;
}

/** The head of a link's arrow, its tip on the node. */
export function arrowPath(link: PlacedLink, arrow: "start" | "end", halfWidth: number): string {
  const tip = arrow === "start" ? link.start : link.end;
  const base = (arrow === "start" ? link.curve[0] : link.curve.at(-1)) ?? tip;
  const dx = tip.x - base.x;
  const dy = tip.y - base.y;
  const length = Math.hypot(dx, dy) || 1;
  const nx = (-dy / length) * halfWidth;
  const ny = (dx / length) * halfWidth;
  const left = { x: base.x + nx, y: base.y + ny };
  const right = { x: base.x - nx, y: base.y - ny };
  return `M${at(tip)}L${at(left)}L${at(right)}Z`;
}

/** The middle of a link, for its label. */
export function middle(link: PlacedLink): Point {
  const pieces = Math.floor((link.curve.length - 1) / 3);
  const i = Math.floor(pieces / 2) * 3;
  const [a, b, c, d] = link.curve.slice(i, i + 4);
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    return { x: (link.start.x + link.end.x) / 2, y: (link.start.y + link.end.y) / 2 };
  }
  if (pieces % 2 === 0) return a;
  return { x: (a.x + 3 * b.x + 3 * c.x + d.x) / 8, y: (a.y + 3 * b.y + 3 * c.y + d.y) / 8 };
}
