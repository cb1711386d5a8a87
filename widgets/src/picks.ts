// The element that was picked of each value: it stays picked when one comes back to the value.
import type { Context } from "./context";

const picks = new WeakMap<Context, Map<number, readonly number[]>>();

export const pickOf = (context: Context, value: number): readonly number[] | null =>
  picks.get(context)?.get(value) ?? null;

export function pick(context: Context, value: number, index: readonly number[]): void {
  const known = picks.get(context) ?? new Map<number, readonly number[]>();
  picks.set(context, known.set(value, index));
}

/** Goes to an element of a value, to see its own explanation. */
export function goToElement(context: Context, value: number, index: readonly number[]): void {
  pick(context, value, index);
  context.select(`v${value}`);
}
