// Where the passes stand at a position: pure functions of the payload, no DOM.
// Position p means that p steps are done; the current step is the last one done. A backward step
// of n contributions also has positions between: p + k/n where k of them have arrived.
import type { Payload, StepSpec } from "./payload";

export type GradientState = "pending" | "partial" | "arrived" | "none";

export interface Gradient {
  state: GradientState;
  arrived: number;
  total: number;
  /** index in Payload.arrays of what has accumulated so far; null before the first arrival */
  array: number | null;
}

export type Direction = "idle" | "forward" | "backward";

export interface LinkState {
  direction: Direction;
  current: boolean;
}

/** How many contributions of a step have arrived, of how many. */
export interface Part {
  done: number;
  of: number;
}

/** What may look different at two positions. */
export interface Changes {
  values: Set<number>;
  ops: Set<number>;
  edges: Set<number>;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Timeline {
  readonly count: number;
  readonly forwardSteps: number;
  /** step at which each op runs forward, at which it sends back */
  private readonly ranAt: number[];
  private readonly sentAt: number[];
  /** step at which the contribution along each edge arrives */
  private readonly arrivedAt: number[];
  /** step that sets the gradient of a value outright (the output's) */
  private readonly seededAt = new Map<number, number>();
  private readonly edgesOfOp: number[][];

  constructor(readonly payload: Payload) {
    this.count = payload.steps.length;
    this.forwardSteps = payload.steps.filter((step) => step.phase === "forward").length;
    this.ranAt = payload.ops.map(() => NEVER);
    this.sentAt = payload.ops.map(() => NEVER);
    this.arrivedAt = payload.edges.map(() => NEVER);
    this.edgesOfOp = payload.ops.map(() => []);
    payload.edges.forEach((edge, index) => this.edgesOfOp[edge.op]?.push(index));
    payload.steps.forEach((step, index) => {
      if (step.op === null) {
        for (const value of step.reads) this.seededAt.set(value, index);
      } else if (step.phase === "forward") {
        this.ranAt[step.op] = index;
      } else {
        this.sentAt[step.op] = index;
      }
      step.sends.forEach((edge, i) => {
        this.arrivedAt[edge] = index + i / step.sends.length;
      });
    });
  }

  clamp(position: number): number {
    const kept = Math.max(0, Math.min(this.count, position || 0));
    const whole = Math.floor(kept);
    const parts = Math.max(1, this.payload.steps[whole]?.sends.length ?? 1);
    return whole + Math.round((kept - whole) * parts) / parts;
  }

  /** The step that was done last, or is under way; null at the start. */
  step(position: number): StepSpec | null {
    return this.payload.steps[Math.ceil(position) - 1] ?? null;
  }

  /** How far the step under way has come; null between steps. */
  part(position: number): Part | null {
    const whole = Math.floor(position);
    if (whole === position) return null;
    const of = this.payload.steps[whole]?.sends.length ?? 1;
    return { done: Math.round((position - whole) * of), of };
  }

  /** What the current step is called: "backward 5 of 7 · @ · 1 of 2 sent". */
  title(position: number): string {
    const part = this.part(position);
    const title = this.step(position)?.title ?? "start";
    return part === null ? title : `${title} · ${part.done} of ${part.of} sent`;
  }

  /** What the current step does, as a sentence. */
  sentence(position: number): string | null {
    const step = this.step(position);
    const part = this.part(position);
    if (step === null || part === null) return step?.sentence ?? null;
    return `${this.title(position)}: ${step.told[part.done - 1] ?? ""}`;
  }

  /** The position after one more contribution, or one fewer. */
  nextPart(position: number, by: 1 | -1): number {
    const whole = by > 0 ? Math.floor(position) : Math.ceil(position) - 1;
    const parts = Math.max(1, this.payload.steps[whole]?.sends.length ?? 1);
    return this.clamp(position + by / parts);
  }

  /** The position at which an op is current, in the phase of the given position if it can be. */
  positionOf(op: number, position: number): number | null {
    const backward = position > this.forwardSteps;
    const steps = [this.ranAt[op] ?? NEVER, this.sentAt[op] ?? NEVER];
    if (backward) steps.reverse();
    const found = steps.find((step) => step !== NEVER);
    return found === undefined ? null : found + 1;
  }

  filled(value: number, position: number): boolean {
    return (this.payload.values[value]?.filled_at ?? NEVER) < position;
  }

  gradient(value: number, position: number): Gradient {
    const spec = this.payload.values[value];
    if (spec === undefined || spec.gradient === null) {
      return { state: "none", arrived: 0, total: 0, array: null };
    }
    const seed = this.seededAt.get(value);
    if (seed !== undefined && spec.contributions.length === 0) {
      const set = seed < position;
      return {
        state: set ? "arrived" : "pending",
        arrived: set ? 1 : 0,
        total: 1,
        array: set ? spec.gradient : null,
      };
    }
    const total = spec.contributions.length;
    let arrived = 0;
    let array: number | null = null;
    for (const edge of spec.contributions) {
      if (!this.hasArrived(edge, position)) continue;
      arrived += 1;
      array = this.payload.edges[edge]?.accumulated ?? array;
    }
    if (arrived === 0) return { state: "pending", arrived, total, array: null };
    if (arrived < total) return { state: "partial", arrived, total, array };
    return { state: "arrived", arrived, total, array: spec.gradient };
  }

  /** What has accumulated in a value's gradient, and the positions from which it holds. */
  arrivals(value: number): { position: number; array: number }[] {
    const spec = this.payload.values[value];
    const seed = this.seededAt.get(value);
    if (seed !== undefined && spec?.gradient != null && spec.contributions.length === 0) {
      return [{ position: seed + 1, array: spec.gradient }];
    }
    return (spec?.contributions ?? []).flatMap((edge) => {
      const array = this.payload.edges[edge]?.accumulated;
      const at = this.arrivedAt[edge] ?? NEVER;
      return array == null ? [] : [{ position: this.nextPart(at, 1), array }];
    });
  }

  hasArrived(edge: number, position: number): boolean {
    return (this.arrivedAt[edge] ?? NEVER) < position;
  }

  ran(op: number, position: number): boolean {
    return (this.ranAt[op] ?? NEVER) < position;
  }

  sent(op: number, position: number): boolean {
    return (this.sentAt[op] ?? NEVER) < position;
  }

  edge(index: number, position: number): LinkState {
    const edge = this.payload.edges[index];
    if (edge === undefined) return { direction: "idle", current: false };
    const step = this.step(position);
    const ofCurrentOp = step !== null && step.op === edge.op;
    const back = edge.is_input
      ? this.hasArrived(index, position)
      : edge.carries_gradient && this.sent(edge.op, position);
    if (back) return { direction: "backward", current: ofCurrentOp };
    const current = ofCurrentOp && step.phase === "forward";
    return { direction: this.ran(edge.op, position) ? "forward" : "idle", current };
  }

  /** The values that the current step fills, or whose gradient it sets or adds to. */
  touched(position: number): Set<number> {
    const step = this.step(position);
    const values = new Set<number>(step?.fills ?? []);
    if (step?.op === null) for (const value of step.reads) values.add(value);
    const part = this.part(position);
    const sends = step?.sends ?? [];
    for (const edge of part === null ? sends : sends.slice(part.done - 1, part.done)) {
      const value = this.payload.edges[edge]?.value;
      if (value !== undefined) values.add(value);
    }
    return values;
  }

  /** What to draw anew when moving from one position to another. */
  changes(from: number, to: number): Changes {
    const changes: Changes = { values: new Set(), ops: new Set(), edges: new Set() };
    // The step below the lower position is current there, and no longer above it.
    for (let i = Math.ceil(Math.min(from, to)) - 1; i < Math.ceil(Math.max(from, to)); i += 1) {
      const step = this.payload.steps[i];
      if (step === undefined) continue;
      for (const value of [...step.fills, ...step.reads]) changes.values.add(value);
      for (const edge of step.sends) {
        const value = this.payload.edges[edge]?.value;
        if (value !== undefined) changes.values.add(value);
      }
      if (step.op === null) continue;
      changes.ops.add(step.op);
      for (const edge of this.edgesOfOp[step.op] ?? []) changes.edges.add(edge);
    }
    return changes;
  }
}
