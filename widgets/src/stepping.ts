// Where the verbs of a debugger lead: pure functions of the payload and a position.
import { parseKey } from "./context";
import { ancestors } from "./fold";
import type { Timeline } from "./state";

export type Granularity = "op" | "edge" | "module";
export type Way = 1 | -1;

export class Stepping {
  /** the module boxes around each step's operation, outermost first */
  private readonly scopes: number[][];
  readonly hasModules: boolean;

  constructor(private readonly timeline: Timeline) {
    const { payload } = timeline;
    const ofOp = new Map<number, number[]>();
    for (const node of payload.nodes) {
      if (node.kind !== "op") continue;
      const boxes = ancestors(payload, node.group);
      ofOp.set(
        node.ref,
        boxes.filter((group) => payload.groups[group]?.kind === "module"),
      );
    }
    this.scopes = payload.steps.map((step) => ofOp.get(step.op ?? -1) ?? []);
    this.hasModules = this.scopes.some((scope) => scope.length > 0);
  }

  /** One step of a granularity. A module counts from wherever one stands to its end. */
  step(position: number, granularity: Granularity, way: Way): number {
    if (granularity === "edge") return this.timeline.nextPart(position, way);
    if (granularity === "op") return this.into(position, way);
    const outermost = this.scopes[this.next(position, way)]?.[0];
    return this.run(position, way, (scope) => scope[0] === outermost && outermost !== undefined);
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

  /** To the end of the module that one stands in; outside any, to the end of the pass. */
  out(position: number, way: Way): number {
    const inside = this.inside(position);
    const depth = inside.length - 1;
    return this.run(position, way, (scope) => depth < 0 || scope[depth] === inside[depth]);
  }

  /** The next position at which a node ("v3", "o2") takes part, else the one before; null: none. */
  to(key: string, position: number): number | null {
    const stops = this.stops(key);
    const before = stops.filter((stop) => stop < position).at(-1);
    return stops.find((stop) => stop > position) ?? before ?? null;
  }

  /** All positions at which a node has just taken part, in order. */
  stops(key: string): number[] {
    const { payload } = this.timeline;
    const node = parseKey(payload, key);
    if (node === null) return [];
    return payload.steps.flatMap((step, i) => {
      const here =
        node.kind === "op" ? step.op === node.ref : this.timeline.touched(i + 1).has(node.ref);
      return here ? [i + 1] : [];
    });
  }

  /** The modules in which a position lies: those of the step before and of the step after. */
  private inside(position: number): number[] {
    const before = this.scopes[Math.ceil(position) - 1] ?? [];
    const after = this.scopes[Math.floor(position)] ?? [];
    const differs = before.findIndex((group, i) => after[i] !== group);
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
