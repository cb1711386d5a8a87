// Every verb leads where Python's leads: verbs.json is written by tests/widget/verbs.py.
import { describe, expect, it } from "vitest";
import type { SavedBreakpoint } from "../src/breakpoints";
import type { Context } from "../src/context";
import { Debugger } from "../src/debugger";
import type { Payload } from "../src/payload";
import { Timeline } from "../src/state";
import type { Granularity, Way } from "../src/stepping";
import text from "./verbs.json?raw";

interface Graph {
  name: string;
  payload: Payload;
  from: number[];
  tables: { breakpoints: SavedBreakpoint[]; to: Record<string, number[]> }[];
}

const graphs = JSON.parse(text) as Graph[];

/** A debugger with a position and nothing to look at. */
function debuggerOf(payload: Payload): { debug: Debugger; at: number } {
  const place = { at: 0 };
  const timeline = new Timeline(payload);
  const context = {
    payload,
    timeline,
    position: () => place.at,
    goTo: (to: number) => {
      place.at = timeline.clamp(to);
    },
    announce: () => undefined,
    diagnosing: { diagnosis: null },
    uncover: () => undefined,
  } as unknown as Context;
  return Object.assign(place, { debug: new Debugger(context, () => undefined) });
}

function act(debug: Debugger, words: string): void {
  const [verb = "", ...rest] = words.split(" ");
  const way = Number(rest.at(-1)) as Way;
  if (verb === "to") debug.runTo(rest[0] ?? "");
  else if (verb === "over") debug.over(way);
  else if (verb === "into") debug.into(way);
  else if (verb === "out") debug.out(way);
  else if (verb === "run") debug.run(way);
  else {
    debug.granularity = rest[0] as Granularity;
    debug.step(way);
  }
}

describe.each(graphs)("$name", ({ payload, from, tables }) => {
  it.each(tables)("$breakpoints", ({ breakpoints, to: changed }) => {
    // What breakpoints leave as it is is not listed again.
    const to = { ...tables[0]?.to, ...changed };
    const place = debuggerOf(payload);
    place.debug.breakpoints.restore(breakpoints);
    const led = Object.fromEntries(
      Object.keys(to).map((words) => [
        words,
        from.map((start) => {
          place.at = start;
          act(place.debug, words);
          // Thirds are written with nine digits.
          return Number(place.at.toPrecision(9));
        }),
      ]),
    );
    expect(led).toEqual(to);
  });
});
