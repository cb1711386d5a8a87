// Small payloads, made by hand: what Python would send for a few graphs.
import type {
  ArraySpec,
  EdgeSpec,
  GroupSpec,
  OpSpec,
  Payload,
  StepSpec,
  ValueSpec,
} from "../src/payload";

export interface Fixture {
  payload: Payload;
  buffer: ArrayBuffer;
}

interface ValueOptions {
  shape?: number[];
  role?: ValueSpec["role"];
  /** null: no gradient is computed */
  gradient?: number[] | null;
  group?: number;
}

/** Builds a payload op by op; contributions are given, not computed. */
export class Builder {
  private readonly numbers: number[] = [];
  readonly payload: Payload = {
    version: 1,
    title: "fixture",
    output: 0,
    values: [],
    ops: [],
    edges: [],
    nodes: [],
    links: [],
    groups: [],
    scopes: [],
    steps: [],
    arrays: [],
    sources: [{ title: "cell 1", first_line: 1, lines: ["c = a * b", "d = c + c"] }],
    notes: [],
    sizes: null,
    explanations: {},
  };
  private readonly nodeOfValue = new Map<number, number>();

  array(shape: number[], data: number[]): number {
    const finite = data.filter(Number.isFinite);
    const sum = finite.reduce((total, x) => total + x, 0);
    const spec: ArraySpec = {
      shape,
      dtype: "float64",
      size: data.length,
      stats: {
        min: Math.min(...data),
        max: Math.max(...data),
        mean: sum / Math.max(1, finite.length),
        norm: Math.hypot(...finite),
        nan: data.filter(Number.isNaN).length,
        posinf: data.filter((x) => x === Infinity).length,
        neginf: data.filter((x) => x === -Infinity).length,
        zero: data.filter((x) => x === 0).length,
        underflow: 0,
      },
      spread: null,
      full: { type: "f8", offset: this.numbers.length * 8, length: data.length },
      thumb: null,
      detail: null,
    };
    this.numbers.push(...data);
    return this.payload.arrays.push(spec) - 1;
  }

  group(label: string, parent: number | null = null, open = true): number {
    const group: GroupSpec = { label, kind: "module", parent, open, ops: 0, summary: "" };
    const path = parent === null ? label : `${this.payload.scopes[parent]}.${label}`;
    this.payload.scopes.push(path);
    return this.payload.groups.push(group) - 1;
  }

  value(label: string, data: number[], options: ValueOptions = {}): number {
    const { shape = [], role = "parameter", gradient = [0], group } = options;
    const index = this.payload.values.length;
    this.payload.values.push({
      label,
      named: true,
      tex: label,
      role,
      shape,
      dtype: "float64",
      shape_label: `(${shape.join(", ")})`,
      data: this.array(shape, data),
      gradient: gradient === null ? null : this.array(shape, gradient),
      cancels: "",
      reason: "",
      no_gradient: gradient === null ? "no gradient required" : "",
      producer: null,
      filled_at: -1,
      contributions: [],
      module: "",
      place: null,
    });
    const node = this.payload.nodes.push({
      key: `v${index}`,
      kind: "value",
      ref: index,
      shape: shape.length === 0 ? "circle" : "rect",
      copy: false,
      group: group ?? null,
      width: shape.length === 0 ? 64 : 104,
      height: 64,
    });
    this.nodeOfValue.set(index, node - 1);
    return index;
  }

  /** Applies an op to values and adds its forward step. */
  op(name: string, inputs: number[], output: number, group?: number): number {
    const { payload } = this;
    const index = payload.ops.length;
    const node =
      payload.nodes.push({
        key: `o${index}`,
        kind: "op",
        ref: index,
        shape: "diamond",
        copy: false,
        group: group ?? null,
        width: 56,
        height: 42,
      }) - 1;
    const spec: OpSpec = {
      name,
      label: name,
      inputs: [],
      outputs: [output],
      params: [],
      tex: "y = f(x)",
      shapes: "",
      vjps: [],
      doc: "One sentence.",
      module: "",
      scopes: [],
      place: { source: 0, line: 1, end_line: 1, column: 0, end_column: 5 },
    };
    inputs.forEach((value, slot) => {
      const edge = this.edge(value, index, slot, true);
      spec.inputs.push({ edge, value, slot });
      payload.links.push({ edge, from: this.nodeOfValue.get(value) as number, to: node });
    });
    const edge = this.edge(output, index, 0, false);
    payload.links.push({ edge, from: node, to: this.nodeOfValue.get(output) as number });
    payload.ops.push(spec);
    const made = payload.values[output] as ValueSpec;
    made.producer = index;
    made.filled_at = payload.steps.length;
    this.step("forward", index, { fills: [output] });
    for (let g = group ?? null; g !== null; g = payload.groups[g]?.parent ?? null) {
      (payload.groups[g] as GroupSpec).ops += 1;
      spec.scopes.unshift(g);
    }
    spec.module = payload.scopes[group ?? -1] ?? "";
    return index;
  }

  seed(output: number): void {
    this.payload.output = output;
    this.step("backward", null, { reads: [output] });
  }

  /** Sends an op's contributions back, one list of numbers per input slot (null: none). */
  back(op: number, sends: (number[] | null)[]): void {
    const { payload } = this;
    const spec = payload.ops[op] as OpSpec;
    const edges: number[] = [];
    sends.forEach((data, slot) => {
      const input = spec.inputs[slot];
      if (data === null || input === undefined) return;
      const edge = payload.edges[input.edge] as EdgeSpec;
      const value = payload.values[input.value] as ValueSpec;
      const before = value.contributions.at(-1);
      const known = before === undefined ? null : (payload.edges[before]?.accumulated ?? null);
      const sofar = known === null ? data.map(() => 0) : this.read(known);
      edge.contribution = this.array(value.shape, data);
      edge.accumulated = this.array(
        value.shape,
        data.map((x, i) => x + (sofar[i] ?? 0)),
      );
      edge.carries_gradient = true;
      value.contributions.push(input.edge);
      value.gradient = edge.accumulated;
      edges.push(input.edge);
    });
    const out = payload.edges.find((edge) => !edge.is_input && edge.op === op);
    if (out !== undefined) out.carries_gradient = true;
    this.step("backward", op, { reads: spec.outputs, sends: edges });
  }

  build(): Fixture {
    const { payload } = this;
    for (const value of payload.values) {
      value.contributions.forEach((edge, i) => {
        const spec = payload.edges[edge] as EdgeSpec;
        spec.arrived = i + 1;
        spec.total = value.contributions.length;
      });
    }
    for (const step of payload.steps) {
      step.of = payload.steps.filter((other) => other.phase === step.phase).length;
      step.title = `${step.phase} ${step.number} of ${step.of}`;
    }
    return { payload, buffer: new Float64Array(this.numbers).buffer };
  }

  private read(array: number): number[] {
    const { offset, length } = this.payload.arrays[array]?.full ?? { offset: 0, length: 0 };
    return this.numbers.slice(offset / 8, offset / 8 + length);
  }

  private edge(value: number, op: number, slot: number, isInput: boolean): number {
    return (
      this.payload.edges.push({
        value,
        op,
        slot,
        is_input: isInput,
        carries_gradient: false,
        arrived: 0,
        total: 0,
        contribution: null,
        share: null,
        summed: "",
        gain: null,
        sent: null,
        accumulated: null,
      }) - 1
    );
  }

  private step(
    phase: StepSpec["phase"],
    op: number | null,
    parts: Partial<Pick<StepSpec, "fills" | "sends" | "reads">>,
  ): void {
    this.payload.steps.push({
      phase,
      op,
      number: this.payload.steps.filter((step) => step.phase === phase).length + 1,
      of: 0,
      title: "",
      sentence: "a step",
      fills: parts.fills ?? [],
      sends: parts.sends ?? [],
      told: (parts.sends ?? []).map((edge) => `contribution ${edge} arrives`),
      reads: parts.reads ?? [],
      place: op === null ? null : (this.payload.ops[op]?.place ?? null),
    });
  }
}

/** c = a · b with a = 2, b = −3, and a constant k that needs no gradient: d = c · c · k. */
export function scalarGraph(): Fixture {
  const make = new Builder();
  const a = make.value("a", [2]);
  const b = make.value("b", [-3]);
  const k = make.value("k", [0.5], { role: "constant", gradient: null });
  const c = make.value("c", [-6], { role: "intermediate" });
  const multiply = make.op("multiply", [a, b], c);
  const s = make.value("s", [36], { role: "intermediate" });
  const square = make.op("multiply", [c, c], s);
  const d = make.value("d", [18], { role: "output", gradient: [1] });
  const scale = make.op("multiply", [s, k], d);
  make.seed(d);
  make.back(scale, [[0.5], null]);
  make.back(square, [[-3], [-3]]);
  make.back(multiply, [[18], [-12]]);
  return make.build();
}

/** y = W x in the box "net", folded twice: op 0 in "net/inner", op 1 in "net", op 2 outside. */
export function boxedGraph(): Fixture {
  const make = new Builder();
  const net = make.group("net");
  const inner = make.group("inner", net);
  const x = make.value("x", [1, 2], { shape: [2], role: "input", gradient: null });
  const w = make.value("W", [3, 4], { shape: [2], group: inner });
  const p = make.value("p", [3, 8], { shape: [2], role: "intermediate", group: inner });
  const q = make.value("q", [6, 16], { shape: [2], role: "intermediate", group: net });
  const y = make.value("y", [22], { role: "output", gradient: [1] });
  const first = make.op("multiply", [x, w], p, inner);
  const second = make.op("add", [p, p], q, net);
  const third = make.op("sum", [q], y);
  make.seed(y);
  make.back(third, [[1, 1]]);
  make.back(second, [
    [1, 1],
    [1, 1],
  ]);
  make.back(first, [null, [2, 4]]);
  return make.build();
}

/** A chain of ops over 8 × 8 arrays: one value and one op per link, and a parameter each. */
export function longGraph(ops: number): Fixture {
  const make = new Builder();
  const cells = (seed: number): number[] =>
    Array.from({ length: 64 }, (_, i) => Math.sin(seed * 7.3 + i * 1.7));
  const shape = [8, 8];
  let last = make.value("x0", cells(0), { shape, gradient: cells(1) });
  const made: number[] = [];
  for (let i = 0; i < ops; i += 1) {
    const role = i + 1 === ops ? "output" : "intermediate";
    const next = make.value(`x${i + 1}`, cells(i), { shape, role, gradient: cells(i + 2) });
    made.push(make.op("tanh", i % 5 === 4 ? [last, last] : [last], next));
    last = next;
  }
  make.seed(last);
  for (const op of made.reverse()) {
    const inputs = make.payload.ops[op]?.inputs.length ?? 1;
    make.back(op, Array.from({ length: inputs }, () => cells(op)));
  }
  return make.build();
}
