// The verbs of the debugger: where each leads from the current position, and what stops it.
import { type Breakpoint, Breakpoints, describe } from "./breakpoints";
import type { Context } from "./context";
import { type Granularity, Stepping, type Way } from "./stepping";

export type NodeAction = "run to" | "break" | "watch";

export class Debugger {
  readonly stepping: Stepping;
  readonly breakpoints: Breakpoints;
  granularity: Granularity = "op";

  /** `changed` is called when the breakpoints are others than before. */
  constructor(
    private readonly context: Context,
    changed: () => void,
  ) {
    this.stepping = new Stepping(context.timeline);
    this.breakpoints = new Breakpoints(context.timeline, changed);
  }

  /** One step of the chosen granularity. */
  step(way: Way): void {
    this.context.goTo(this.stepping.step(this.at, this.granularity, way));
  }

  over(way: Way): void {
    this.context.goTo(this.stepping.over(this.at, way));
  }

  /** Opens the boxes around the operation to come, and does it. */
  into(way: Way): void {
    const to = this.stepping.into(this.at, way);
    const op = this.context.timeline.step(way > 0 ? to : this.at)?.op;
    if (op != null) this.context.uncover(`o${op}`);
    this.context.goTo(to);
  }

  out(way: Way): void {
    this.context.goTo(this.stepping.out(this.at, way));
  }

  /** To the next breakpoint on the way, or to the end. */
  run(way: Way): void {
    const end = way > 0 ? this.context.timeline.count : 0;
    const to = this.breakpoints.next(this.at, way);
    this.context.goTo(to ?? end);
    this.tell(to);
  }

  /** Says what stopped a run. */
  tell(stopped: number | null): void {
    const { payload } = this.context;
    const why = stopped === null ? [] : this.breakpoints.stopping(stopped);
    const names = why.map((breakpoint) => describe(payload, breakpoint)).join(", ");
    this.context.announce(names === "" ? "no breakpoint stopped the run" : `stopped at ${names}`);
  }

  runTo(key: string): void {
    const to = this.stepping.to(key, this.at);
    if (to !== null) this.context.goTo(to);
  }

  get nextGranularity(): Granularity {
    const all: Granularity[] = this.stepping.hasModules ? ["op", "edge", "module"] : ["op", "edge"];
    return all[(all.indexOf(this.granularity) + 1) % all.length] ?? "op";
  }

  /** Whether an action has something to do for a node. */
  can(action: NodeAction, key: string): boolean {
    if (action === "watch") return key.startsWith("v");
    return this.stepping.to(key, this.at) !== null;
  }

  /** Whether an action has been done, and doing it again undoes it. */
  done(action: NodeAction, key: string): boolean {
    return action === "break" && this.breakpoints.has({ kind: "node", key });
  }

  act(action: NodeAction, key: string): void {
    if (key === "") return;
    if (action === "run to") this.runTo(key);
    else if (action === "break") this.breakpoints.toggle({ kind: "node", key });
  }

  /** The keys of the nodes that have a breakpoint of their own. */
  marked(): Set<string> {
    const nodes = this.breakpoints.entries.map((entry) => entry.breakpoint);
    return new Set(nodes.flatMap((it: Breakpoint) => (it.kind === "node" ? [it.key] : [])));
  }

  private get at(): number {
    return this.context.position();
  }
}
