// The verbs of the debugger: where each leads from the current position, and what stops it.
import { Breakpoints, describe, nodeBreakpoint } from "./breakpoints";
import type { Context } from "./context";
import { type Granularity, Stepping, type Way } from "./stepping";
import { type Watch, watchName } from "./watch";

export type NodeAction = "run to" | "break" | "watch";

export class Debugger {
  readonly stepping: Stepping;
  readonly breakpoints: Breakpoints;
  watches: Watch[] = [];
  granularity: Granularity = "op";

  /** `changed` is called when the breakpoints or the watches are others than before. */
  constructor(
    private readonly context: Context,
    private readonly changed: (what: "breakpoints" | "watches") => void,
  ) {
    this.stepping = new Stepping(context.timeline);
    this.breakpoints = new Breakpoints(context.timeline, () => changed("breakpoints"), () => {
      return context.diagnosing.diagnosis?.findings ?? [];
    });
  }

  /** One step of the chosen granularity. */
  step(way: Way): void {
    this.go(this.stepping.step(this.at, this.granularity, way), way);
  }

  over(way: Way): void {
    this.go(this.stepping.over(this.at, way), way);
  }

  /** Opens the boxes around the operation to come, and does it. */
  into(way: Way): void {
    const to = this.stepping.into(this.at, way);
    const op = this.context.timeline.step(way > 0 ? to : this.at)?.op;
    if (op != null) this.context.uncover(`o${op}`);
    this.context.goTo(to);
  }

  out(way: Way): void {
    this.go(this.stepping.out(this.at, way), way);
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
    this.uncoverStop();
  }

  /** Opens the boxes around the operation that a breakpoint has stopped at. */
  uncoverStop(): void {
    if (this.breakpoints.stopping(this.at).length === 0) return;
    const op = this.context.timeline.step(this.at)?.op;
    if (op != null) this.context.uncover(`o${op}`);
  }

  runTo(key: string): void {
    const to = this.stepping.to(key, this.at);
    if (to !== null) this.go(to, to > this.at ? 1 : -1);
  }

  get nextGranularity(): Granularity {
    const all: Granularity[] = this.stepping.hasModules ? ["op", "edge", "module"] : ["op", "edge"];
    return all[(all.indexOf(this.granularity) + 1) % all.length] ?? "op";
  }

  /** Whether an action has something to do for a node. */
  can(action: NodeAction, key: string): boolean {
    if (action === "watch") {
      return key.startsWith("v") && this.context.payload.values[Number(key.slice(1))]?.gradient != null;
    }
    return action === "break" || this.stepping.to(key, this.at) !== null;
  }

  /** Whether an action has been done, and doing it again undoes it. */
  done(action: NodeAction, key: string): boolean {
    if (action === "watch") return this.watched({ value: Number(key.slice(1)), index: null });
    return action === "break" && this.breakpoints.has(nodeBreakpoint(key));
  }

  act(action: NodeAction, key: string): void {
    if (key === "") return;
    if (action === "run to") this.runTo(key);
    else if (action === "break") this.breakpoints.toggle(nodeBreakpoint(key));
    else if (this.can(action, key)) this.toggleWatch({ value: Number(key.slice(1)), index: null });
  }

  watched(watch: Watch): boolean {
    return this.watches.some((other) => watchName(other) === watchName(watch));
  }

  toggleWatch(watch: Watch): void {
    const kept = this.watches.filter((other) => watchName(other) !== watchName(watch));
    this.watch(kept.length < this.watches.length ? kept : [...kept, watch]);
  }

  /** Watches these, in place of what was watched. */
  watch(watches: Watch[]): void {
    this.watches = watches;
    this.changed("watches");
  }

  /** The keys of the nodes that have a breakpoint of their own. */
  marked(): Set<string> {
    const all = this.breakpoints.entries.map((entry) => entry.breakpoint);
    return new Set(all.flatMap(({ kind, what }) => (kind === "node" ? [what] : [])));
  }

  /** Goes to a position, unless a breakpoint on the way stops it before. */
  private go(to: number, way: Way): void {
    const stop = this.breakpoints.next(this.at, way);
    const before = stop !== null && (way > 0 ? stop < to : stop > to);
    this.context.goTo(before ? stop : to);
    if (before) this.tell(stop);
  }

  private get at(): number {
    return this.context.position();
  }
}
