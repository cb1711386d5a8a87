// Conditions on what a step shows, judged on the statistics that Python sent. Pure.
import { toNumber } from "./format";
import type { ArraySpec, EdgeSpec, Payload, StepSpec } from "./payload";

export interface Condition {
  quantity: "isnan" | "isinf" | "norm" | "rms" | "max" | "gain";
  sign: string;
  bound: number;
}

export const CONDITIONS = [
  "isnan",
  "isinf",
  "norm > 1e3",
  "norm < 1e-6",
  "gain < -1 decade",
  "norm drops a decade",
  "norm rises a decade",
];

const COMPARED = /^(norm|rms|max|gain)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(decades?)?$/;

const CROSSED = /^(norm|rms) (drops|rises) (?:a|(\d+\.?\d*|\.\d+)) decades?$/;

export function parseCondition(text: string): Condition | null {
  const crossed = CROSSED.exec(text);
  if (crossed !== null) {
    const bound = Number(crossed[3] ?? 1);
    const [, quantity, sign = ""] = crossed;
    return bound > 0 ? { quantity: quantity as "norm" | "rms", sign, bound } : null;
  }
  if (text === "isnan" || text === "isinf") return { quantity: text, sign: "", bound: 0 };
  const match = COMPARED.exec(text.replace(/\u2212/g, "-"));
  if (match === null || (match[4] !== undefined && match[1] !== "gain")) return null;
  const quantity = match[1] as Condition["quantity"];
  return { quantity, sign: match[2] ?? "", bound: Number(match[3]) };
}

/** Whether what a step shows meets a condition; of one value only, where one is given. */
export function holds(
  payload: Payload,
  condition: Condition,
  step: StepSpec,
  only: number | undefined,
): boolean {
  const wanted = (value: number | undefined): boolean => only === undefined || value === only;
  const edges = step.sends.map((edge) => payload.edges[edge]).filter((e) => wanted(e?.value));
  if (condition.quantity === "gain") {
    return edges.some((edge) => edge?.gain != null && beyond(toNumber(edge.gain), condition));
  }
  if (condition.sign === "drops" || condition.sign === "rises") {
    return crosses(payload, condition, step, edges);
  }
  const seed = step.op === null ? step.reads.filter(wanted) : [];
  const shown = [
    ...step.fills.filter(wanted).map((value) => payload.values[value]?.data),
    ...seed.map((value) => payload.values[value]?.gradient),
    ...edges.flatMap((edge) => [edge?.contribution, edge?.accumulated]),
  ];
  return shown.some((array) => {
    const spec = payload.arrays[array ?? -1];
    return spec !== undefined && /^b?float/.test(spec.dtype) && measured(condition, spec);
  });
}

/** Whether a contribution passes a power of ten times the loss's gradient, as in Python. */
function crosses(
  payload: Payload,
  condition: Condition,
  step: StepSpec,
  sent: (EdgeSpec | undefined)[],
): boolean {
  if (step.phase === "forward" || step.op === null) return false;
  const size = (arrays: (number | null | undefined)[]): number => {
    const specs = arrays.flatMap((array) => payload.arrays[array ?? -1] ?? []);
    return specs.length === 0 ? Number.NaN : sizeOf(specs, condition.quantity === "rms");
  };
  const whole = size([payload.values[payload.output]?.gradient]);
  const before = size(step.reads.map((value) => payload.values[value]?.gradient));
  if (!isPositive(whole) || !isPositive(before)) return false;
  const decades = (x: number): number => (Math.log10(x) - Math.log10(whole)) / condition.bound;
  return sent.some((edge) => {
    const after = size([edge?.contribution]);
    if (!isPositive(after)) return after === 0 && condition.sign === "drops";
    return condition.sign === "drops"
      ? Math.ceil(decades(after)) < Math.ceil(decades(before))
      : Math.floor(decades(after)) > Math.floor(decades(before));
  });
}

/** The norm of arrays taken together, or their root mean square. */
function sizeOf(specs: readonly ArraySpec[], perElement: boolean): number {
  const whole = Math.hypot(...specs.map(normOf));
  const elements = specs.reduce((sum, { size }) => sum + size, 0);
  return perElement ? whole / Math.sqrt(Math.max(1, elements)) : whole;
}

/** A norm is sent of the finite elements: with an infinity among them it is infinite. */
function normOf({ stats }: ArraySpec): number {
  if (stats.nan > 0) return Number.NaN;
  return stats.posinf + stats.neginf > 0 ? Infinity : toNumber(stats.norm);
}

/** Whether what Python measured of an array meets a condition. */
function measured(condition: Condition, spec: ArraySpec): boolean {
  const { stats, size } = spec;
  const norm = normOf(spec);
  const infinite = stats.posinf + stats.neginf;
  switch (condition.quantity) {
    case "isnan":
      return stats.nan > 0;
    case "isinf":
      return infinite > 0;
    case "rms":
      return beyond(norm / Math.sqrt(Math.max(1, size)), condition);
    case "max": {
      const ends = [toNumber(stats.min), toNumber(stats.max)].map(Math.abs);
      return beyond(stats.nan > 0 ? Number.NaN : size > 0 ? Math.max(...ends) : 0, condition);
    }
    default:
      return beyond(norm, condition);
  }
}

function beyond(x: number, { sign, bound }: Condition): boolean {
  if (x === bound) return sign === "<=" || sign === ">=";
  return sign.startsWith("<") ? x < bound : x > bound;
}

const isPositive = (x: number): boolean => x > 0 && x < Infinity;
