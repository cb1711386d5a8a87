// Breakpoints: what stops a run. Pure: conditions are judged on the statistics that Python sent.
import { parseKey } from "./context";
import { format, toNumber } from "./format";
import type { Payload, StepSpec } from "./payload";
import type { Timeline } from "./state";
import type { Way } from "./stepping";

export type Breakpoint =
  | { kind: "node"; key: string }
  | { kind: "op"; name: string }
  | { kind: "module"; path: string }
  | { kind: "line"; source: number; line: number }
  | { kind: "condition"; measure: "nan" | "inf" }
  | { kind: "condition"; measure: "norm" | "gain"; sign: "<" | ">"; bound: number };

export interface Entry {
  breakpoint: Breakpoint;
  enabled: boolean;
}

export const CONDITIONS = ["isnan", "isinf", "norm > 1e3", "norm < 1e-6", "gain < -1 decade"];

/** Reads "op matmul", "module encoder", "line 12" or a condition; null for anything else. */
export function parseBreakpoint(payload: Payload, text: string): Breakpoint | null {
  const words = text.trim().replace(/\s+/g, " ");
  if (words === "isnan") return { kind: "condition", measure: "nan" };
  if (words === "isinf") return { kind: "condition", measure: "inf" };
  const condition = /^(norm|gain) ?([<>]) ?(\S+?)(?: decades?)?$/.exec(words);
  if (condition !== null) {
    const bound = Number(condition[3]);
    if (Number.isNaN(bound)) return null;
    const measure = condition[1] as "norm" | "gain";
    return { kind: "condition", measure, sign: condition[2] as "<" | ">", bound };
  }
  const [kind, rest] = [words.split(" ", 1)[0], words.slice(words.indexOf(" ") + 1)];
  if (kind === "op" && payload.ops.some((op) => op.name === rest)) return { kind, name: rest };
  if (kind === "module" && modules(payload).includes(rest)) return { kind, path: rest };
  const line = Number(rest);
  const source = payload.ops.find((op) => op.place?.line === line)?.place?.source;
  return kind === "line" && source !== undefined ? { kind, source, line } : null;
}

/** What can be typed: conditions, the kinds of op and the modules of the graph. */
export function suggestions(payload: Payload): string[] {
  const ops = [...new Set(payload.ops.map((op) => op.name))].sort();
  return [
    ...CONDITIONS,
    ...modules(payload).map((path) => `module ${path}`),
    ...ops.map((name) => `op ${name}`),
  ];
}

const modules = (payload: Payload): string[] =>
  [...new Set(payload.ops.map((op) => op.module))].filter((path) => path !== "");

export function describe(payload: Payload, breakpoint: Breakpoint): string {
  switch (breakpoint.kind) {
    case "node": {
      const node = parseKey(payload, breakpoint.key);
      const spec = node?.kind === "op" ? payload.ops[node.ref] : payload.values[node?.ref ?? -1];
      const place = spec?.place == null ? "" : `, line ${spec.place.line}`;
      return `${spec?.label ?? breakpoint.key}${node?.kind === "op" ? place : ""}`;
    }
    case "op":
      return `every ${breakpoint.name}`;
    case "module":
      return `module ${breakpoint.path}`;
    case "line": {
      const several = payload.sources.length > 1;
      const title = several ? `${payload.sources[breakpoint.source]?.title ?? ""}, ` : "";
      return `${title}line ${breakpoint.line}`;
    }
    case "condition":
      if (!("bound" in breakpoint)) return `is${breakpoint.measure}`;
      return `${breakpoint.measure} ${breakpoint.sign} ${format(breakpoint.bound)}${
        breakpoint.measure === "gain" ? " decades" : ""
      }`;
  }
}

export class Breakpoints {
  entries: Entry[] = [];

  constructor(
    private readonly timeline: Timeline,
    private readonly changed: () => void,
  ) {}

  has(breakpoint: Breakpoint): boolean {
    return this.entries.some((entry) => same(entry.breakpoint, breakpoint));
  }

  /** Sets a breakpoint, or removes it where it is set. */
  toggle(breakpoint: Breakpoint): void {
    const kept = this.entries.filter((entry) => !same(entry.breakpoint, breakpoint));
    const added = kept.length === this.entries.length;
    this.entries = added ? [...kept, { breakpoint, enabled: true }] : kept;
    this.changed();
  }

  enable(breakpoint: Breakpoint, enabled: boolean): void {
    this.entries = this.entries.map((entry) =>
      same(entry.breakpoint, breakpoint) ? { breakpoint, enabled } : entry,
    );
    this.changed();
  }

  /** The nearest position on the way at which a breakpoint stops; null where none does. */
  next(position: number, way: Way): number | null {
    const { count } = this.timeline;
    let to = way > 0 ? Math.floor(position) + 1 : Math.ceil(position) - 1;
    for (; to >= 1 && to <= count; to += way) {
      if (this.stopping(to).length > 0) return to;
    }
    return null;
  }

  /** The breakpoints that stop at a position. */
  stopping(position: number): Breakpoint[] {
    return this.entries
      .filter((entry) => entry.enabled && this.hits(entry.breakpoint, position))
      .map((entry) => entry.breakpoint);
  }

  private hits(breakpoint: Breakpoint, position: number): boolean {
    const { payload } = this.timeline;
    const step = this.timeline.step(position);
    if (step === null) return false;
    switch (breakpoint.kind) {
      case "node": {
        const node = parseKey(payload, breakpoint.key);
        if (node?.kind === "op") return step.op === node.ref;
        return node !== null && this.timeline.touched(position).has(node.ref);
      }
      case "op":
        return payload.ops[step.op ?? -1]?.name === breakpoint.name;
      case "module": {
        const inside = (other: StepSpec | null): boolean => {
          const path = payload.ops[other?.op ?? -1]?.module ?? "";
          return path === breakpoint.path || path.startsWith(`${breakpoint.path}.`);
        };
        return inside(step) && !this.sameAsBefore(step, position, inside);
      }
      case "line": {
        const on = (other: StepSpec | null): boolean =>
          other?.place?.source === breakpoint.source &&
          other.place.line <= breakpoint.line &&
          breakpoint.line <= other.place.end_line;
        return on(step) && !this.sameAsBefore(step, position, on);
      }
      case "condition":
        return this.holds(breakpoint, step);
    }
  }

  /** A line or a module stops a run once, where it is entered. */
  private sameAsBefore(
    step: StepSpec,
    position: number,
    inside: (step: StepSpec | null) => boolean,
  ): boolean {
    const before = this.timeline.step(position - 1);
    return before?.phase === step.phase && inside(before);
  }

  private holds(condition: Breakpoint & { kind: "condition" }, step: StepSpec): boolean {
    const { payload } = this.timeline;
    const edges = step.sends.map((edge) => payload.edges[edge]);
    if ("bound" in condition && condition.measure === "gain") {
      return edges.some((edge) => edge?.gain != null && beyond(toNumber(edge.gain), condition));
    }
    const shown = [
      ...step.fills.map((value) => payload.values[value]?.data),
      ...(step.op === null ? step.reads.map((value) => payload.values[value]?.gradient) : []),
      ...edges.flatMap((edge) => [edge?.contribution, edge?.accumulated]),
    ];
    return shown.some((array) => {
      const stats = payload.arrays[array ?? -1]?.stats;
      if (stats === undefined) return false;
      if ("bound" in condition) return beyond(toNumber(stats.norm), condition);
      return condition.measure === "nan" ? stats.nan > 0 : stats.posinf + stats.neginf > 0;
    });
  }
}

const beyond = (x: number, { sign, bound }: { sign: "<" | ">"; bound: number }): boolean =>
  sign === "<" ? x < bound : x > bound;

const same = (a: Breakpoint, b: Breakpoint): boolean => JSON.stringify(a) === JSON.stringify(b);
