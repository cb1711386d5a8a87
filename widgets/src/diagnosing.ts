// The diagnosis that the panes share: what was found, which finding is open, the way to its cause.
import type { Context } from "./context";
import { roots, type Way, wayTo } from "./findings";
import type { Diagnosis, FindingSpec } from "./payload";

/** Reads what Python sent; null for none. */
export function readDiagnosis(text: string): Diagnosis | null {
  return text === "" ? null : (JSON.parse(text) as Diagnosis);
}

export class Diagnosing {
  diagnosis: Diagnosis | null = null;
  /** index of the finding that is open; −1 for none */
  opened = -1;
  way: Way;

  /** `changed` is called when there is another diagnosis, or another finding is open. */
  constructor(
    private readonly context: Context,
    private readonly changed: () => void,
  ) {
    this.way = wayTo(context.payload, undefined);
  }

  finding(index: number): FindingSpec | undefined {
    return this.diagnosis?.findings[index];
  }

  set(diagnosis: Diagnosis | null, opened = -1): void {
    this.diagnosis = diagnosis;
    this.opened = this.finding(opened) === undefined ? -1 : opened;
    this.way = wayTo(this.context.payload, this.finding(opened));
    this.changed();
  }

  /** Opens a finding, and shows the way from the loss to it; −1 closes. */
  open(index: number): void {
    const finding = this.finding(index);
    const opened = finding === undefined ? -1 : index;
    if (opened === this.opened) return;
    this.opened = opened;
    this.way = wayTo(this.context.payload, finding);
    this.changed();
    if (finding !== undefined) this.context.announce(`${finding.severity}, ${finding.kind}: ${finding.title}`);
  }

  /** Opens the next root cause, or the one before; from the last on to the first. */
  next(way: 1 | -1): void {
    if (this.diagnosis === null) return;
    const all = roots(this.diagnosis);
    const parent = this.finding(this.opened)?.parent ?? this.opened;
    const here = all.indexOf(parent);
    const to = here < 0 && way < 0 ? all.length - 1 : (here + way + all.length) % all.length;
    const index = all[to];
    if (index === undefined) this.context.announce("nothing was found");
    else this.open(index);
  }

  /** Goes to the step where a finding shows, unfolds and selects what it blames. */
  goToCause(index: number): void {
    const finding = this.finding(index);
    if (finding === undefined) return;
    this.open(index);
    if (finding.position !== null) this.context.goTo(finding.position);
    if (finding.key !== "") this.context.find(finding.key);
  }
}
