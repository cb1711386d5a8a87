// What Python tells of a node when it is asked (graphviz_ad/widget/explanations.py, elements.py).
import type { Num, Spread } from "./payload";

/** One element of a gradient as a sum of products, the largest first. */
export interface Derivation {
  label: string; // "W∇[3, 2]"
  /** symbols, numbers, products, value: one line each */
  stages: string[];
  terms: {
    symbols: string;
    upstream: Num;
    local: Num;
    value: Num;
    op: number;
    /** the value whose gradient's element is the upstream factor, and that element */
    output: number;
    index: number[];
  }[];
  /** how many terms are not listed, and their sum */
  more: number;
  rest: Num;
  total: Num;
  /** per output, its elements that the sum runs over, by their place in C order */
  touched: { output: number; flat: number[]; count: number }[];
  gradient: Num | null;
  /** why there is no sum; "" where there is one */
  reason: string;
}

/** A matrix as it is drawn; not exact: each cell is the largest magnitude of a block. */
export interface MatrixTold {
  rows: number;
  cols: number;
  cells: Num[];
  exact: boolean;
}

/** The local Jacobian of one output of an operation with respect to one input. */
export interface JacobianTold {
  label: string; // "∂k/∂W"
  output: number; // value
  value: number; // the input
  edge: number;
  /** of the matrix: elements of the output and of the input */
  rows: number;
  cols: number;
  /** the output's gradient and what is sent to the input, each as one row */
  vector: MatrixTold | null;
  product: MatrixTold | null;
  structure: "" | "zero" | "diagonal" | "permutation" | "block" | "dense"; // "": too large
  blocks: number;
  told: string; // the structure in a sentence
  picture: MatrixTold | null; // null: too large to compute whole
  /** of one that is too large: the rows of some elements of the output */
  samples: { index: number[]; picture: MatrixTold }[];
  /** the largest singular values; empty where they would take long */
  singular: Num[];
}

/** A gradient, or an operation's VJPs, beside central finite differences. */
export interface CheckTold {
  label: string;
  ok: boolean;
  size: number;
  checked: number;
  kinks: number;
  error: Num; // the largest relative error where there is no kink
  note: string; // why nothing was checked, or ""
  culprits: string[]; // sentences: which input's VJP is wrong, and where
  /** the worst first */
  elements: {
    label: string;
    gradient: Num;
    difference: Num;
    error: Num;
    kink: boolean;
    ok: boolean;
  }[];
}

/** The paths from a value to the loss, the strongest first. */
export interface PathsTold {
  told: string; // "1,024 paths to the loss"
  exact: boolean; // every path was followed
  paths: {
    label: string;
    norm: Num;
    share: Num; // of the norms of the listed paths
    edges: number[]; // into and out of its operations
    values: number[];
    picture: MatrixTold | null;
  }[];
}

/** The backward pass as a graph of its own: another payload. */
export interface BackwardTold {
  document: string; // base64 of the packed document
  buffer: string; // base64
  reason: string; // why there is none, or ""
}

/** What can be asked, and the answer. */
export interface Told {
  element: Derivation;
  jacobian: JacobianTold;
  check: CheckTold;
  "op check": CheckTold;
  paths: PathsTold;
  backward: BackwardTold;
  spread: Spread | null;
}
