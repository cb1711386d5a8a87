// What the page shares with Python: where one stands and what is set (Debugger.session).
import type { SavedBreakpoint } from "./breakpoints";
import type { Colour } from "./sizes_layer";
import type { Granularity } from "./stepping";
import type { Watch } from "./watch";

export interface Session {
  /** how many steps are done; a fraction between the contributions of one */
  step: number;
  /** "v3", "o2" or "" */
  selected: string;
  granularity: Granularity;
  breakpoints: SavedBreakpoint[];
  watches: Watch[];
  colour: Colour;
  /** what a report says, as JSON; "" for none */
  diagnosis: string;
  /** the finding that is open; −1 for none */
  finding: number;
}

/** All that is shared, with how to read each part from what came. */
const READ: { [Name in keyof Session]: (raw: unknown) => Session[Name] } = {
  step: (raw) => Number(raw ?? 0),
  selected: (raw) => String(raw ?? ""),
  granularity: (raw) => (raw === "edge" || raw === "module" ? raw : "op"),
  breakpoints: (raw) => (Array.isArray(raw) ? (raw as SavedBreakpoint[]) : []),
  watches: (raw) => (Array.isArray(raw) ? (raw as Watch[]) : []),
  colour: (raw) => (raw === "gradient" ? raw : "step"),
  diagnosis: (raw) => String(raw ?? ""),
  finding: (raw) => Number(raw ?? -1),
};

export const SHARED = Object.keys(READ) as (keyof Session)[];

/** Reads a session; `get` gives each part by its name. */
export function readSession(get: (name: keyof Session) => unknown): Session {
  const { step, selected, granularity, breakpoints, watches, colour, diagnosis, finding } = READ;
  return {
    step: step(get("step")),
    selected: selected(get("selected")),
    granularity: granularity(get("granularity")),
    breakpoints: breakpoints(get("breakpoints")),
    watches: watches(get("watches")),
    colour: colour(get("colour")),
    diagnosis: diagnosis(get("diagnosis")),
    finding: finding(get("finding")),
  };
}
