// The watch list: gradients, or elements of them, over the steps. Pure.
import type { ArrayStore } from "./arrays";
import { toNumber } from "./format";
import type { Payload } from "./payload";
import type { Timeline } from "./state";

export interface Watch {
  value: number;
  /** the element; null for the norm of the whole */
  index: readonly number[] | null;
}

/** A number and the position from which it holds. */
export interface Change {
  position: number;
  number: number;
}

export const watchName = ({ value, index }: Watch): string => `${value} ${index?.join() ?? "all"}`;

/** What is watched: "W∇[3, 2]", or "‖W∇‖" for a whole gradient. */
export function watchLabel(payload: Payload, { value, index }: Watch): string {
  const label = payload.values[value]?.label ?? "";
  const name = `${/\s/.test(label) ? `(${label})` : label}∇`;
  return index === null ? `‖${name}‖` : index.length === 0 ? name : `${name}[${index.join(", ")}]`;
}

/** The same of the data: "W[3, 2]" or "‖W‖". */
export function dataLabel(payload: Payload, { value, index }: Watch): string {
  const name = payload.values[value]?.label ?? "";
  return index === null ? `‖${name}‖` : index.length === 0 ? name : `${name}[${index.join(", ")}]`;
}

/** The data's norm or element; null where it was not sent. */
export function dataNumber(payload: Payload, arrays: ArrayStore, watch: Watch): number | null {
  const array = payload.values[watch.value]?.data ?? null;
  return array === null ? null : numberOf(arrays, array, watch.index);
}

/** The place of an element among all, in C order. */
export function flatIndex(shape: readonly number[], index: readonly number[]): number {
  return shape.reduce((flat, length, axis) => flat * length + (index[axis] ?? 0), 0);
}

/** The index of the element at a place in C order. */
export function unravel(shape: readonly number[], flat: number): number[] {
  const index = shape.map(() => 0);
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const length = shape[axis] ?? 1;
    index[axis] = rest % length;
    rest = Math.floor(rest / length);
  }
  return index;
}

/** An element by the place in C order: "k[0, 1]", "(x @ W)[0, 1]". */
export function elementName(label: string, shape: readonly number[], flat: number): string {
  const name = /\s/.test(label) ? `(${label})` : label;
  return shape.length === 0 ? name : `${name}[${unravel(shape, flat).join(", ")}]`;
}

/** How many characters the longest index of an array has, brackets included. */
export function indexLength(shape: readonly number[]): number {
  return shape.map((length) => Math.max(0, length - 1)).join(", ").length + 2;
}

/** Reads an index of one element ("3, 2" or "[-1]"); null where there is no such element. */
export function parseIndex(shape: readonly number[], text: string): number[] | null {
  const words = text.replace(/[[\]()]/g, "").split(",").map((word) => word.trim());
  const given = words.filter((word) => word !== "").map(Number);
  if (given.length !== shape.length) return null;
  const index = given.map((i, axis) => (i < 0 ? i + (shape[axis] ?? 0) : i));
  const inside = index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < (shape[axis] ?? 0));
  return inside ? index : null;
}

/** How the watched number changes over the steps; null where an element was not sent. */
export function history(timeline: Timeline, arrays: ArrayStore, watch: Watch): Change[] | null {
  const changes: Change[] = [];
  for (const { position, array } of timeline.arrivals(watch.value)) {
    const number = numberOf(arrays, array, watch.index);
    if (number === null) return null;
    changes.push({ position, number });
  }
  return changes;
}

function numberOf(
  arrays: ArrayStore,
  array: number,
  index: readonly number[] | null,
): number | null {
  const { stats, shape } = arrays.spec(array);
  if (index !== null) return arrays.elements(array)?.[flatIndex(shape, index)] ?? null;
  if (stats.nan > 0) return Number.NaN;
  return stats.posinf + stats.neginf > 0 ? Infinity : toNumber(stats.norm);
}

/** The number at a position; null before any of it has arrived. */
export function numberAt(changes: readonly Change[], position: number): number | null {
  return changes.filter((change) => change.position <= position).at(-1)?.number ?? null;
}
