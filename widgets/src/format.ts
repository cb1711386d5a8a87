// How a number looks on the page.
import type { Num } from "./payload";

const MINUS = "\u2212";

export function toNumber(value: Num): number {
  return typeof value === "number" ? value : Number(value);
}

const strip = (digits: string): string =>
  digits.includes(".") ? digits.replace(/0+$/, "").replace(/\.$/, "") : digits;

/** Four significant digits; an exponent below 1e-4 and from 1e5 on. */
export function format(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (x === 0) return "0";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  const magnitude = Math.abs(x);
  const sign = x < 0 ? MINUS : "";
  if (magnitude >= 1e-4 && magnitude < 1e5) {
    const text = magnitude.toPrecision(4);
    // toPrecision turns to an exponent where the integer part has more digits than asked for.
    return sign + (text.includes("e") ? String(Number(text)) : strip(text));
  }
  const [mantissa = "", exponent = ""] = magnitude.toExponential(3).split("e");
  return `${sign}${strip(mantissa)}e${exponent.replace("+", "").replace("-", MINUS)}`;
}

const INTEGER = /^(u?int|bool)/;

export function isInteger(dtype: string): boolean {
  return INTEGER.test(dtype);
}

/** An element of an array: integers and truth values keep all their digits. */
export function formatElement(x: number, dtype: string): string {
  return isInteger(dtype) && Number.isFinite(x) ? String(x).replace("-", MINUS) : format(x);
}

/** Every digit of an element, for the read-out under the pointer. */
export function formatExact(x: number): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : `${MINUS}∞`;
  return String(x).replace(/-/g, MINUS);
}

const SMALLEST_NORMAL: Record<string, number> = {
  float16: 2 ** -14,
  float32: 2 ** -126,
  float64: 2 ** -1022,
};

/** Not zero, yet below the smallest normal number of its dtype. */
export function isUnderflow(x: number, dtype: string): boolean {
  return x !== 0 && Math.abs(x) < (SMALLEST_NORMAL[dtype] ?? 0);
}

export function shapeText(shape: readonly number[]): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
