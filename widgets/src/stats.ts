// The table of statistics of a value's data and gradient.
import type { Context } from "./context";
import { h } from "./dom";
import { format, formatElement, toNumber } from "./format";
import type { ArraySpec, SizesSpec, Stats } from "./payload";
import { decades, decadesText, rms } from "./sizes";

type Name = keyof Stats;

const ALWAYS: [Name, string][] = [
  ["min", "min"],
  ["mean", "mean"],
  ["max", "max"],
  ["norm", "norm"],
];

const WHERE_ANY: [Name, string, string][] = [
  ["nan", "NaN", "elements that are not a number"],
  ["posinf", "∞", "elements that are +∞"],
  ["neginf", "−∞", "elements that are −∞"],
  ["zero", "zero", "elements that are exactly zero"],
  ["underflow", "underflow ε", "elements below the smallest normal number of the dtype"],
];

function cell(spec: ArraySpec | null, name: Name, of: string): HTMLElement {
  const attributes = { "data-stat": name, "data-of": of };
  if (spec === null) return h("td", { ...attributes, class: "gad-absent" }, "–");
  const x = toNumber(spec.stats[name]);
  const counted = WHERE_ANY.some(([counter]) => counter === name);
  if (counted) return h("td", attributes, `${x} of ${spec.size}`);
  const exact = name === "min" || name === "max";
  return h("td", attributes, exact ? formatElement(x, spec.dtype) : format(x));
}

/** Root mean squares: the gradient's also in decades, as the diagram is coloured by it. */
function sizeRow(
  scale: SizesSpec | null,
  data: ArraySpec | null,
  gradient: ArraySpec | null,
): HTMLElement {
  const cell = (spec: ArraySpec | null, of: string): HTMLElement =>
    spec === null
      ? h("td", { "data-stat": "rms", "data-of": of, class: "gad-absent" }, "–")
      : h("td", { "data-stat": "rms", "data-of": of }, format(rms(spec)));
  const sized = cell(gradient, "gradient");
  if (scale !== null && gradient !== null) {
    const above = decades(scale, rms(gradient));
    const text = Number.isFinite(above) ? `${decadesText(above)} decades` : "";
    sized.append(h("small", { class: "gad-decades", title: "from the median gradient" }, text));
  }
  const title = "root mean square; under the gradient's, how far it is from the median gradient";
  return h("tr", {}, h("th", { scope: "row", title }, "RMS"), cell(data, "data"), sized);
}

export function statsTable(
  context: Context,
  data: number | null,
  gradient: number | null,
): HTMLTableElement {
  const specs = [data, gradient].map((array) =>
    array === null ? null : context.arrays.spec(array),
  );
  const row = (name: Name, label: string, title: string | null): HTMLElement =>
    h(
      "tr",
      {},
      h("th", { scope: "row", title }, label),
      cell(specs[0] ?? null, name, "data"),
      cell(specs[1] ?? null, name, "gradient"),
    );
  const rows = ALWAYS.map(([name, label]) => row(name, label, null));
  rows.push(sizeRow(context.payload.sizes, specs[0] ?? null, specs[1] ?? null));
  for (const [name, label, title] of WHERE_ANY) {
    if (specs.some((spec) => spec !== null && toNumber(spec.stats[name]) > 0)) {
      rows.push(row(name, label, title));
    }
  }
  return h(
    "table",
    { class: "gad-stats" },
    h(
      "thead",
      {},
      h("tr", {}, h("td"), h("th", { scope: "col" }, "data"), h("th", { scope: "col" }, "∇")),
    ),
    h("tbody", {}, ...rows),
  );
}
