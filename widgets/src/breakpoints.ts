// Breakpoints: what stops a run. Pure: conditions are judged on the statistics that Python sent.
import { CONDITIONS, holds, parseCondition } from "./conditions";
import { parseKey } from "./context";
import type { FindingSpec, OpSpec, Payload, Place } from "./payload";
import type { Timeline } from "./state";
import type { Way } from "./stepping";

export type Kind = "node" | "op" | "module" | "line" | "condition" | "finding";

/** Where to stop, in the words of Python's Breakpoint. */
export interface Breakpoint {
  kind: Kind;
  /** a node's key, an op's name, a module's path, "12" or "cell 4:12", a condition, a
   *  finding's kind or "any" */
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

/** What a breakpoint on findings must know of them. */
type Findings = readonly Pick<FindingSpec, "kind" | "position">[];

const NO_FINDINGS: Findings = [];
const ANY = "any";

/** Reads "op matmul", "module encoder", "line 12", "finding" with or without a kind that was
 *  found, or a condition; null for anything else. */
export function parseBreakpoint(
  payload: Payload,
  text: string,
  findings: Findings = NO_FINDINGS,
): Breakpoint | null {
  const words = text.trim().replace(/\s+/g, " ");
  if (parseCondition(words) !== null) return { kind: "condition", what: words, at: "" };
  const kind = words.split(" ", 1)[0];
  const what = words.slice(words.indexOf(" ") + 1);
  if (kind === "op" && payload.ops.some((op) => op.name === what)) return { kind, what, at: "" };
  if (kind === "module" && modules(payload).includes(what)) return { kind, what, at: "" };
  if (kind === "finding" && findings.length > 0) {
    const every = words === "finding" || what === ANY;
    if (every) return { kind, what: ANY, at: "" };
    return findings.some((found) => found.kind === what) ? { kind, what, at: "" } : null;
  }
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

export const findingBreakpoint = (kind: string): Breakpoint => ({ kind: "finding", what: kind, at: "" });

/** What can be typed: findings, conditions, the kinds of op and the modules of the graph. */
export function suggestions(payload: Payload, findings: Findings = NO_FINDINGS): string[] {
  const ops = [...new Set(payload.ops.map((op) => op.name))].sort();
  const kinds = [...new Set(findings.map(({ kind }) => kind))];
  return [
    ...(kinds.length > 0 ? ["finding", ...kinds.map((kind) => `finding ${kind}`)] : []),
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
    case "finding":
      return what === ANY ? "any finding" : `finding ${what}`;
    default:
      return `${kind} ${what}`;
  }
}

export class Breakpoints {
  entries: Entry[] = [];

  constructor(
    private readonly timeline: Timeline,
    private readonly changed: () => void,
    private readonly findings: () => Findings = () => NO_FINDINGS,
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
      case "finding":
        return this.findings().some((found) => {
          return found.position === position && (what === ANY || found.kind === what);
        });
      case "condition": {
        const condition = parseCondition(what);
        const only = parseKey(payload, at)?.ref;
        return condition !== null && holds(payload, condition, step, only);
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
}

const same = (a: Breakpoint, b: Breakpoint): boolean =>
  a.kind === b.kind && a.what === b.what && a.at === b.at;
