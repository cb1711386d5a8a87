// What the panes share: the data, where we stand, and the moves the user can make.
import type { ArrayStore } from "./arrays";
import type { Debugger } from "./debugger";
import type { Diagnosing } from "./diagnosing";
import type { Explanations } from "./explained";
import type { Kernel } from "./kernel";
import type { Payload } from "./payload";
import type { Timeline } from "./state";
import type { Theme } from "./theme";

export interface Context {
  readonly payload: Payload;
  readonly timeline: Timeline;
  readonly arrays: ArrayStore;
  readonly debug: Debugger;
  readonly diagnosing: Diagnosing;
  readonly explanations: Explanations;
  /** null on a saved page */
  readonly kernel: Kernel | null;
  /** a prefix for element ids that is this Stepper's own */
  readonly id: string;
  theme(): Theme;
  position(): number;
  /** "v3", "o2" or "" */
  selected(): string;
  goTo(position: number): void;
  select(key: string): void;
  toggleGroup(group: number): void;
  /** says a sentence to a screen reader, and shows it for a while */
  announce(text: string): void;
  /** selects a node, opens the boxes around it and brings it into view */
  find(key: string): void;
  /** opens the closed boxes around a node */
  uncover(key: string): void;
  /** shows the backward pass as a graph of its own */
  showBackward(): void;
  /** marks a path through the diagram; none: marks nothing */
  highlight(edges: readonly number[]): void;
}

export type Key = { kind: "value" | "op"; ref: number };

/** Reads "v3" or "o2"; null for anything that is not a node of the payload. */
export function parseKey(payload: Payload, key: string): Key | null {
  const match = /^([vo])(\d+)$/.exec(key);
  if (match === null) return null;
  const ref = Number(match[2]);
  const kind = match[1] === "v" ? "value" : "op";
  const count = kind === "value" ? payload.values.length : payload.ops.length;
  return ref < count ? { kind, ref } : null;
}

/** One colour scale for a value's gradient and all that it is summed from. */
export function gradientPeak({ payload, arrays }: Context, value: number): number {
  const spec = payload.values[value];
  const parts = [spec?.gradient ?? null];
  for (const edge of spec?.contributions ?? []) {
    parts.push(payload.edges[edge]?.contribution ?? null);
    parts.push(payload.edges[edge]?.accumulated ?? null);
  }
  return parts.reduce((peak: number, array) => {
    return array === null ? peak : Math.max(peak, arrays.peak(array));
  }, 0);
}
