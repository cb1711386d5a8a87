// The contract between Python (graphviz_ad/widget/payload.py) and the page.
// Python computes and labels; the page selects, lays out and draws.
// One JSON document (this; it travels gzip-compressed) and one binary buffer (the arrays).

/** A number that JSON cannot hold is sent by name. */
export type Num = number | "NaN" | "Infinity" | "-Infinity";

export interface Stats {
  min: Num; // over the elements that are not NaN; null-like "NaN" when there are none
  max: Num;
  mean: Num; // over the finite elements
  norm: Num; // Euclidean norm of the finite elements
  nan: number; // counts
  posinf: number;
  neginf: number;
  zero: number; // exactly zero
  underflow: number; // subnormal: not zero, below the dtype's smallest normal number
}

/** A histogram of equal bins over the finite elements, and percentiles of them. */
export interface Spread {
  low: Num;
  high: Num;
  counts: number[];
  percentiles: [number, Num][]; // percent and element
  /** how many elements, drawn at random, stand for a large array; 0: all were counted */
  sampled: number;
}

/** A block of the binary buffer. `offset` is in bytes and a multiple of 8. */
export interface Block {
  type: "f8" | "f4" | "i4" | "u1";
  offset: number;
  length: number; // in elements
}

export interface PictureSpec {
  block: Block;
  rows: number;
  cols: number;
}

export interface ArraySpec {
  shape: number[];
  dtype: string; // NumPy's name
  size: number;
  stats: Stats;
  /** null for arrays too small to need one, too large, or too many */
  spread: Spread | null;
  /** all elements in C order; null when the array is sent as a summary only */
  full: Block | null;
  /** a picture of rows x cols for arrays too large to draw element by element: the
   *  element of largest magnitude of each block, NaN when the block has one; null
   *  when `full` is small enough to be its own picture. */
  thumb: PictureSpec | null;
  /** a finer picture of the same kind of a large array; null where `thumb` or `full` do, or
   *  where the budget of a page was used up */
  detail: PictureSpec | null;
}

export interface Place {
  source: number; // index in Payload.sources
  line: number; // counted from 1
  end_line: number;
  column: number | null; // characters, counted from 0
  end_column: number | null;
}

export interface SourceSpec {
  title: string; // "cell 4", "train.py"
  first_line: number;
  lines: string[]; // empty: the source is gone
}

export interface ValueSpec {
  label: string; // what the diagram calls it; never empty
  named: boolean; // false: the label was made up by us ("·", "x12")
  tex: string; // the label as LaTeX
  role: "parameter" | "input" | "constant" | "intermediate" | "output";
  shape: number[];
  dtype: string;
  shape_label: string; // "(32, 64)", "()"
  data: number; // index in Payload.arrays
  /** the finished gradient; null when there is none, and then `no_gradient` says why */
  gradient: number | null;
  no_gradient: string; // "" | "no gradient required" | "nothing leads from it to the loss" | ...
  /** why its gradient is 1, 0 or none; "" where it is a sum of contributions */
  reason: string;
  /** a sentence where the contributions cancel; else "" */
  cancels: string;
  producer: number | null; // op
  /** index of the forward step that fills it; -1 for leaves, filled from the start */
  filled_at: number;
  /** edges that carry a contribution to it, in the order in which they arrive */
  contributions: number[];
  module: string; // path of the module scope, "" outside any
  place: Place | null;
}

export interface OpSpec {
  name: string; // "matmul"
  label: string; // glyph in the diamond: "@"
  inputs: { edge: number; value: number; slot: number }[];
  outputs: number[];
  params: [string, string][]; // name and printed value
  tex: string; // forward rule, symbols filled in
  shapes: string; // the same rule in shapes: "(32, 50) = (32, 64) @ (64, 50)"
  /** what it sends back, one per input slot; tex is "" where it sends nothing */
  vjps: {
    slot: number;
    value: number;
    tex: string; // with the shapes under the symbols
    term: string; // its right-hand side alone, without shapes
    shapes: string;
    argument: string; // why the shapes allow no other order of the factors, or ""
  }[];
  doc: string; // one sentence
  module: string;
  /** the module scopes around it, outermost first: indices in Payload.scopes */
  scopes: number[];
  place: Place | null;
}

export interface EdgeSpec {
  value: number;
  op: number;
  slot: number;
  is_input: boolean; // value -> op, else op -> value
  carries_gradient: boolean;
  /** how many consumers' contributions its value collects, and which this one is (1-based) */
  arrived: number; // 0 when it carries none
  total: number;
  /** input edges that carry a gradient: what this consumer adds (summed to the value's shape) */
  contribution: number | null; // index in Payload.arrays
  /** its norm as a part of the sum of all contributions' norms; null where it is the only one */
  share: number | null;
  /** what was sent before it was summed; null where it was sent in the value's shape */
  sent: number | null; // index in Payload.arrays
  /** "summed over axis 0: (32, 50) → (50,)"; "" where it was sent in the value's shape */
  summed: string;
  /** how the norm changes on the way, in decades: log10(‖contribution‖ / ‖gradient read‖);
   *  null where it has no meaning: a norm is zero or not finite, or nothing is carried */
  gain: Num | null;
  /** the value's gradient so far, this contribution included */
  accumulated: number | null;
}

/** What is drawn: a value, an op, or one of the small copies of a value with many uses. */
export interface NodeSpec {
  key: string; // "v3", "o2", "v3.1" for a copy
  kind: "value" | "op";
  ref: number; // index in values or ops
  shape: "circle" | "rect" | "diamond";
  copy: boolean; // drawn small, linked to the others of the same ref
  group: number | null; // innermost group
  width: number; // CSS pixels
  height: number;
}

export interface LinkSpec {
  edge: number; // index in edges
  from: number; // index in nodes
  to: number;
}

/** A box: a module scope, or a stretch of operations folded so that a large graph can be drawn. */
export interface GroupSpec {
  label: string; // "encoder", "ops 26–50"
  kind: "module" | "chain";
  parent: number | null;
  open: boolean; // at the start
  ops: number; // how many operations it holds, nested ones included
  summary: string; // "12 add, 12 multiply, 1 sum"
}

export interface StepSpec {
  phase: "forward" | "backward";
  op: number | null; // null: the step that sets the gradient of the output
  number: number; // 1-based within the phase
  of: number; // steps in the phase
  title: string; // "backward 5 of 7 · σ"
  sentence: string; // for a screen reader: what the step does, with numbers
  fills: number[]; // values whose data appears
  /** edges whose contribution arrives, in order. For the seed step it is empty. */
  sends: number[];
  /** for each of `sends`, what arrives: "W∇ is complete, norm 0.2145" */
  told: string[];
  /** values whose gradient this step reads (backward) or, at the seed, sets */
  reads: number[];
  place: Place | null;
}

/** The scale of the gradients' sizes (root mean squares): symmetric, in decades. */
export interface SizesSpec {
  centre: number; // the median over the values that have a gradient
  span: number; // decades to each end
}

/** One finding of a diagnosis; Python's Finding and its place (graphviz_ad/widget/diagnosis.py). */
export interface FindingSpec {
  kind: string; // "vanishing"
  severity: "error" | "warning" | "info";
  title: string;
  cause: string;
  advice: string;
  threshold: string; // which number crossed what; "" for none
  numbers: [string, string][];
  module: string;
  source: string; // "cell 4, line 2: h = ad.tanh(z)"
  reference: string; // to the literature; "" for none
  key: string; // the node that carries the badge; "" for none
  node: string; // the value to look at; "" for none
  position: number | null; // steps done when it shows
  parent: number | null; // the finding that this one follows from
  /** edges from the loss to the blamed op, along which most of its gradient came */
  path: number[];
  suspects: [string, string][]; // key and name of further ops under suspicion
}

/** What a report says. It travels apart from the payload, when there is one. */
export interface Diagnosis {
  summary: string; // where nothing was found
  notes: string[];
  findings: FindingSpec[];
}

export interface Payload {
  version: 1;
  title: string;
  output: number; // the value that was shown (the loss)
  values: ValueSpec[];
  ops: OpSpec[];
  edges: EdgeSpec[];
  nodes: NodeSpec[];
  links: LinkSpec[];
  groups: GroupSpec[];
  /** every entry of a module scope, by its path: a module that runs twice has two */
  scopes: string[];
  steps: StepSpec[];
  arrays: ArraySpec[];
  sources: SourceSpec[];
  /** lines to show above the diagram: "9 900 of 10 000 operations are folded", "no backward pass: ..." */
  notes: string[];
  sizes: SizesSpec | null; // null where no gradient has a size
  /** answers by their question, "element 3,1,2": of small values; see explained.ts */
  explanations: Record<string, unknown>;
}
