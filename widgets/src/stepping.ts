// Where the verbs of a debugger lead: pure functions of the payload and a position.
// What each verb means is said by graphviz_ad/trace/debug/motion.py; tests/verbs.json holds the
// positions that Python's verbs lead to, and the tests compare.
import { parseKey } from "./context";
import type { Timeline } from "./state";

export type Granularity = "op" | "edge" | "module";
export type Way = 1 | -1;

export class Stepping {
  /** the module scopes around each step's operation, outermost first */
  private readonly scopes: readonly (readonly number[])[];
  readonly hasModules: boolean;

  constructor(private readonly timeline: Timeline) {
    const { steps, ops } = timeline.payload;
    this.scopes = steps.map((step) => ops[step.op ?? -1]?.scopes ?? []);
    this.hasModules = this.scopes.some((scope) => scope.length > 0);
  }

  step(position: number, granularity: Granularity, way: Way): number {
    if (granularity === "edge") return this.timeline.nextPart(position, way);
    return granularity === "op" ? this.into(position, way) : this.module(position, way);
  }

  /** One operation, into whatever module it lies in. */
  into(position: number, way: Way): number {
    return this.run(position, way, () => false);
  }

  /** One operation, or the whole of the module that it begins. */
  over(position: number, way: Way): number {
    const depth = this.inside(position).length;
    const entered = this.scopes[this.next(position, way)]?.[depth];
    return this.run(position, way, (scope) => scope[depth] === entered && entered !== undefined);
  }

  /** One operation, or all that is left of the outermost module that it lies in. */
  private module(position: number, way: Way): number {
    const outermost = this.scopes[this.next(position, way)]?.[0];
    return this.run(position, way, (scope) => scope[0] === outermost && outermost !== undefined);
  }

  /** The rest of the innermost module that one stands in; outside of any, of the pass. */
  out(position: number, way: Way): number {
    const inside = this.inside(position);
    const last = inside.length - 1;
    return this.run(position, way, (scope) => last < 0 || scope[last] === inside[last]);
  }

  /** The next position at which a node ("v3", "o2") is done, else the last; null: nowhere else. */
  to(key: string, position: number): number | null {
    const stops = this.stops(key);
    const to = stops.find((stop) => stop > position) ?? stops.at(-1) ?? position;
    return to === position ? null : to;
  }

  /** The positions at which an op has run, or a value is filled or its gradient complete. */
  stops(key: string): number[] {
    const { payload } = this.timeline;
    const node = parseKey(payload, key);
    if (node === null) return [];
    const last = payload.values[node.ref]?.contributions.at(-1);
    return payload.steps.flatMap((step, i) => {
      const seeds = step.op === null && step.reads.includes(node.ref);
      const completes = last !== undefined && step.sends.includes(last);
      const done = step.fills.includes(node.ref) || seeds || completes;
      return (node.kind === "op" ? step.op === node.ref : done) ? [i + 1] : [];
    });
  }

  /** The modules in which a position lies: those of the step before and of the step after. */
  private inside(position: number): readonly number[] {
    const before = this.scopes[Math.ceil(position) - 1] ?? [];
    const after = this.scopes[Math.floor(position)] ?? [];
    const differs = before.findIndex((scope, i) => after[i] !== scope);
    return differs < 0 ? before : before.slice(0, differs);
  }

  /** The step that comes next on the way. */
  private next(position: number, way: Way): number {
    return way > 0 ? Math.floor(position) : Math.ceil(position) - 1;
  }

  /** Does one step, and goes on within the same pass while the next step's modules say so. */
  private run(position: number, way: Way, goesOn: (scope: readonly number[]) => boolean): number {
    const { steps } = this.timeline.payload;
    let step = this.next(position, way);
    const phase = steps[step]?.phase;
    do step += way;
    while (steps[step]?.phase === phase && phase !== undefined && goesOn(this.scopes[step] ?? []));
    return this.timeline.clamp(way > 0 ? step : step + 1);
  }
}
