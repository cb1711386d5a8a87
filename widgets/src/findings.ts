// What a diagnosis found, and where it shows: pure, no DOM.
import { parseKey } from "./context";
import { visibleKeys } from "./fold";
import type { Diagnosis, FindingSpec, Payload } from "./payload";

export type Severity = FindingSpec["severity"];

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

export const LETTERS: Record<Severity, string> = { error: "E", warning: "W", info: "i" };

/** The findings at one node of the drawing: the worst severity, and which they are. */
export interface Sign {
  severity: Severity;
  findings: number[];
}

/** The findings that follow from no other. */
export const roots = (diagnosis: Diagnosis): number[] =>
  diagnosis.findings.flatMap((finding, index) => (finding.parent === null ? [index] : []));

export const followers = (diagnosis: Diagnosis, of: number): number[] =>
  diagnosis.findings.flatMap((finding, index) => (finding.parent === of ? [index] : []));

/** The findings that name a node: as the blamed one, or as the value to look at. */
export function at(diagnosis: Diagnosis, key: string): number[] {
  return diagnosis.findings.flatMap((finding, index) =>
    key !== "" && (finding.key === key || finding.node === key) ? [index] : [],
  );
}

/** What badges to draw, by the visible node: of a hidden one, on the box that hides it; of an op
 *  that the view leaves out (`seen` says so), on what it makes. A finding that follows from
 *  another has none of its own. */
export function signs(
  payload: Payload,
  diagnosis: Diagnosis,
  open: ReadonlySet<number>,
  seen: (key: string) => boolean = () => true,
): Map<string, Sign> {
  const found = new Map<string, Sign>();
  for (const index of roots(diagnosis)) {
    const finding = diagnosis.findings[index];
    const node = finding === undefined ? null : parseKey(payload, finding.key);
    if (finding === undefined || node === null) continue;
    const made = node.kind === "op" ? (payload.ops[node.ref]?.outputs ?? []) : [];
    const key = [finding.key, ...made.map((value) => `v${value}`)]
      .flatMap((name) => [...visibleKeys(payload, name, open)])
      .find(seen);
    if (key === undefined) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, { severity: finding.severity, findings: [index] });
    else {
      known.findings.push(index);
      if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(known.severity)) {
        known.severity = finding.severity;
      }
    }
  }
  return found;
}

/** The nodes and edges on the way from the loss to a finding. */
export interface Way {
  edges: Set<number>;
  values: Set<number>;
  ops: Set<number>;
}

export function wayTo(payload: Payload, finding: FindingSpec | undefined): Way {
  const way: Way = { edges: new Set(finding?.path), values: new Set(), ops: new Set() };
  for (const index of way.edges) {
    const edge = payload.edges[index];
    if (edge === undefined) continue;
    way.values.add(edge.value);
    way.ops.add(edge.op);
  }
  return way;
}

/** "2 errors, 1 warning"; "nothing found" for none. */
export function counted(diagnosis: Diagnosis): string {
  const words: Record<Severity, string> = { error: "error", warning: "warning", info: "note" };
  const all = roots(diagnosis).map((index) => diagnosis.findings[index]?.severity);
  const parts = SEVERITIES.flatMap((severity) => {
    const count = all.filter((other) => other === severity).length;
    return count === 0 ? [] : [`${count} ${words[severity]}${count === 1 ? "" : "s"}`];
  });
  return parts.join(", ") || "nothing found";
}
