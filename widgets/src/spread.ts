// How an array's elements are spread: a histogram and percentiles, both counted in Python.
import { type Of } from "./colours";
import type { Context } from "./context";
import { h, s } from "./dom";
import { reasonOf } from "./explained";
import { format, toNumber } from "./format";
import type { Spread } from "./payload";

const BOX = { width: 150, height: 34 };

/** The histograms of data and gradient side by side; null where neither was counted. */
export function spreads(
  context: Context,
  data: number | null,
  gradient: number | null,
  changed: () => void,
): HTMLElement | null {
  const sides = ([["data", data], ["gradient", gradient]] as [Of, number | null][]).map(
    ([of, array]) => {
      if (array === null) return h("div");
      const spread = context.explanations.get("spread", [array]) ?? context.arrays.spec(array).spread;
      return spread === null ? h("div") : drawn(of, spread, countAll(context, array, spread, changed));
    },
  );
  if (sides.every((side) => side.childElementCount === 0)) return null;
  return h("div", { class: "gad-spreads" }, ...sides);
}

/** Says of a sample that it is one, and offers to count everything. */
function countAll(
  context: Context,
  array: number,
  { sampled }: Spread,
  changed: () => void,
): HTMLElement | null {
  if (sampled === 0) return null;
  const told = h("figcaption", {}, `a random sample of ${sampled.toLocaleString("en")}`);
  if (context.kernel === null) return told;
  const button = h("button", { type: "button", class: "gad-link-button" }, "count all");
  button.addEventListener("click", () => {
    button.disabled = true;
    context.explanations.ask("spread", [array]).then(changed, (error: unknown) => {
      told.replaceChildren(reasonOf(error));
    });
  });
  told.append(" · ", button);
  return told;
}

function drawn(
  of: Of,
  { low, high, counts, percentiles }: Spread,
  note: HTMLElement | null,
): HTMLElement {
  const most = Math.max(1, ...counts);
  const width = BOX.width / counts.length;
  const bars = counts.map((count, i) => {
    // A bin that holds anything can be seen.
    const height = count === 0 ? 0 : Math.max(1.5, (count / most) * BOX.height);
    return s("rect", {
      x: (i * width).toFixed(2),
      y: (BOX.height - height).toFixed(2),
      width: Math.max(0.5, width - 0.8).toFixed(2),
      height: height.toFixed(2),
    });
  });
  const [from, to] = [toNumber(low), toNumber(high)];
  const at = (x: number): string =>
    (to > from ? ((x - from) / (to - from)) * BOX.width : BOX.width / 2).toFixed(1);
  const median = toNumber(percentiles.find(([percent]) => percent === 50)?.[1] ?? "NaN");
  const named = percentiles.map(([percent, x]) => `${percent}%: ${format(toNumber(x))}`).join(", ");
  return h(
    "figure",
    { class: "gad-spread", "data-of": of, "data-counts": counts.join(" ") },
    s(
      "svg",
      {
        viewBox: `0 0 ${BOX.width} ${BOX.height}`,
        role: "img",
        "aria-label": `histogram of ${of} from ${format(from)} to ${format(to)}; percentiles ${named}`,
      },
      ...bars,
      s("line", { x1: at(median), x2: at(median), y1: 0, y2: BOX.height }),
    ),
    note,
    h(
      "dl",
      { class: "gad-percentiles" },
      ...percentiles.flatMap(([percent, x]) => [
        h("dt", {}, percent === 50 ? "median" : `${percent}%`),
        h("dd", {}, format(toNumber(x))),
      ]),
    ),
  );
}
