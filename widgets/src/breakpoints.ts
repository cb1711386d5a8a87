// Breakpoints: what stops a run. Pure: conditions are judged on the statistics that Python sent.
import { parseKey } from "./context";
import { toNumber } from "./format";
import type { ArraySpec, OpSpec, Payload, Place, StepSpec } from "./payload";
import type { Timeline } from "./state";
import type { Way } from "./stepping";

export type Kind = "node" | "op" | "module" | "line" | "condition";

/** Where to stop, in the words of Python's Breakpoint. */
export interface Breakpoint {
  kind: Kind;
  /** a node's key, an op's name, a module's path, "12" or "cell 4:12", a condition */
  what: string;
  /** of a condition: the key of the only value that is looked at; "" for all */
  at: string;
}

export interface Entry {
  breakpoint: Breakpoint;
  enabled: boolean;
}

/** As a breakpoint travels to the kernel and is saved: Python's `Breakpoints.to_list`. */
export type SavedBreakpoint = Breakpoint & { enabled: boolean };

interface Condition {
  quantity: "isnan" | "isinf" | "norm" | "rms" | "max" | "gain";
  sign: string;
  bound: number;
}

export const CONDITIONS = ["isnan", "isinf", "norm > 1e3", "norm < 1e-6", "gain < -1 decade"];

const COMPARED = /^(norm|rms|max|gain)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(decades?)?$/;

export function parseCondition(text: string): Condition | null {
  if (text === "isnan" || text === "isinf") return { quantity: text, sign: "", bound: 0 };
  const match = COMPARED.exec(text.replace(/\u2212/g, "-"));
  if (match === null || (match[4] !== undefined && match[1] !== "gain")) return null;
  const quantity = match[1] as Condition["quantity"];
  return { quantity, sign: match[2] ?? "", bound: Number(match[3]) };
}

/** Reads "op matmul", "module encoder", "line 12" or a condition; null for anything else. */
export function parseBreakpoint(payload: Payload, text: string): Breakpoint | null {
  const words = text.trim().replace(/\s+/g, " ");
  if (parseCondition(words) !== null) return { kind: "condition", what: words, at: "" };
  const kind = words.split(" ", 1)[0];
  const what = words.slice(words.indexOf(" ") + 1);
  if (kind === "op" && payload.ops.some((op) => op.name === what)) return { kind, what, at: "" };
  if (kind === "module" && modules(payload).includes(what)) return { kind, what, at: "" };
  const onLine = kind === "line" && payload.ops.some((op) => isOn(payload, op.place, what));
  return onLine ? { kind, what, at: "" } : null;
}

/** The breakpoint of a line of a source, named as briefly as can be. */
export function lineBreakpoint(payload: Payload, source: number, line: number): Breakpoint {
  const titles = new Set(payload.sources.map(({ title }) => title));
  const what = titles.size > 1 ? `${payload.sources[source]?.title ?? ""}:${line}` : String(line);
  return { kind: "line", what, at: "" };
}

export const nodeBreakpoint = (key: string): Breakpoint => ({ kind: "node", what: key, at: "" });

/** What can be typed: conditions, the kinds of op and the modules of the graph. */
export function suggestions(payload: Payload): string[] {
  const ops = [...new Set(payload.ops.map((op) => op.name))].sort();
  return [
    ...CONDITIONS,
    ...modules(payload).map((path) => `module ${path}`),
    ...ops.map((name) => `op ${name}`),
  ];
}

const modules = (payload: Payload): string[] => [...new Set(payload.scopes)];

function isOn(payload: Payload, place: Place | null, what: string): boolean {
  const match = /^(?:(.+):)?(\d+)$/.exec(what);
  if (place === null || match === null) return false;
  const title = match[1];
  if (title !== undefined && payload.sources[place.source]?.title !== title) return false;
  return place.line <= Number(match[2]) && Number(match[2]) <= place.end_line;
}

export function describe(payload: Payload, { kind, what, at }: Breakpoint): string {
  const label = (key: string): string => {
    const node = parseKey(payload, key);
    if (node?.kind === "value") return payload.values[node.ref]?.label ?? key;
    return payload.ops[node?.ref ?? -1]?.name ?? key;
  };
  switch (kind) {
    case "node":
      return what.startsWith("o") ? `${label(what)} ${what}` : label(what);
    case "op":
      return `every ${what}`;
    case "condition":
      return at === "" ? what : `${what} at ${label(at)}`;
    default:
      return `${kind} ${what}`;
  }
}

export class Breakpoints {
  entries: Entry[] = [];

  constructor(
    private readonly timeline: Timeline,
    private readonly changed: () => void,
  ) {}

  /** As they are told to the kernel. */
  toList(): SavedBreakpoint[] {
    return this.entries.map(({ breakpoint: { kind, what, at }, enabled }) => ({
      kind, what, at, enabled,
    }));
  }

  /** Sets what `toList` gave, in place of these. */
  restore(saved: readonly SavedBreakpoint[]): void {
    this.entries = saved.map(({ kind, what, at, enabled }) => ({
      breakpoint: { kind, what, at }, enabled,
    }));
    this.changed();
  }

  has(breakpoint: Breakpoint): boolean {
    return this.entries.some((entry) => same(entry.breakpoint, breakpoint));
  }

  /** The breakpoint that is set on a line: of its source, or of every source's line so numbered. */
  onLine(source: number, line: number): Breakpoint | undefined {
    const here = lineBreakpoint(this.timeline.payload, source, line);
    const names = [here.what, String(line)];
    const found = this.entries.find(({ breakpoint: { kind, what } }) => {
      return kind === "line" && names.includes(what);
    });
    return found?.breakpoint;
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

  private hits({ kind, what, at }: Breakpoint, position: number): boolean {
    const { payload } = this.timeline;
    const step = this.timeline.step(position);
    if (step === null) return false;
    const op = payload.ops[step.op ?? -1];
    switch (kind) {
      case "node": {
        const node = parseKey(payload, what);
        if (node?.kind === "op") return step.op === node.ref;
        return node !== null && this.timeline.touched(position).has(node.ref);
      }
      case "op":
        return op?.name === what;
      case "line":
        // Stops where the line is come to from another, once.
        return (
          isOn(payload, op?.place ?? null, what) &&
          !isOn(payload, this.before(position)?.place ?? null, what)
        );
      case "module": {
        // Stops where the module is entered, once for each time that it runs.
        const entered = this.scopesOf(op, what);
        const before = this.scopesOf(this.before(position), what);
        return entered.length > 0 && entered.every((scope) => !before.includes(scope));
      }
      case "condition": {
        const condition = parseCondition(what);
        return condition !== null && this.holds(condition, step, parseKey(payload, at)?.ref);
      }
    }
  }

  /** The op of the step before a position's, in the same pass. */
  private before(position: number): OpSpec | undefined {
    const before = this.timeline.step(position - 1);
    const same = before?.phase === this.timeline.step(position)?.phase;
    return same ? this.timeline.payload.ops[before?.op ?? -1] : undefined;
  }

  /** The entries of a module that an op is inside of. */
  private scopesOf(op: OpSpec | undefined, path: string): number[] {
    const { scopes } = this.timeline.payload;
    return op?.scopes.filter((scope) => scopes[scope] === path) ?? [];
  }

  private holds(condition: Condition, step: StepSpec, only: number | undefined): boolean {
    const { payload } = this.timeline;
    const wanted = (value: number | undefined): boolean => only === undefined || value === only;
    const edges = step.sends.map((edge) => payload.edges[edge]).filter((e) => wanted(e?.value));
    if (condition.quantity === "gain") {
      return edges.some((edge) => edge?.gain != null && beyond(toNumber(edge.gain), condition));
    }
    const seed = step.op === null ? step.reads.filter(wanted) : [];
    const shown = [
      ...step.fills.filter(wanted).map((value) => payload.values[value]?.data),
      ...seed.map((value) => payload.values[value]?.gradient),
      ...edges.flatMap((edge) => [edge?.contribution, edge?.accumulated]),
    ];
    return shown.some((array) => {
      const spec = payload.arrays[array ?? -1];
      return spec !== undefined && /^b?float/.test(spec.dtype) && measured(condition, spec);
    });
  }
}

/** Whether what Python measured of an array meets a condition. */
function measured(condition: Condition, { stats, size }: ArraySpec): boolean {
  const infinite = stats.posinf + stats.neginf;
  // A norm is sent of the finite elements: with an infinity among them it is infinite.
  const norm = stats.nan > 0 ? Number.NaN : infinite > 0 ? Infinity : toNumber(stats.norm);
  switch (condition.quantity) {
    case "isnan":
      return stats.nan > 0;
    case "isinf":
      return infinite > 0;
    case "rms":
      return beyond(norm / Math.sqrt(Math.max(1, size)), condition);
    case "max": {
      const ends = [toNumber(stats.min), toNumber(stats.max)].map(Math.abs);
      return beyond(stats.nan > 0 ? Number.NaN : size > 0 ? Math.max(...ends) : 0, condition);
    }
    default:
      return beyond(norm, condition);
  }
}

function beyond(x: number, { sign, bound }: Condition): boolean {
  if (x === bound) return sign === "<=" || sign === ">=";
  return sign.startsWith("<") ? x < bound : x > bound;
}

const same = (a: Breakpoint, b: Breakpoint): boolean =>
  a.kind === b.kind && a.what === b.what && a.at === b.at;
