// The arrays of a payload: decoded from the one buffer, or fetched whole when asked for.
import type { Kernel } from "./kernel";
import type { ArraySpec, Block, Payload, PictureSpec } from "./payload";

export type Elements = Float64Array | Float32Array | Int32Array | Uint8Array;

/** Brings all elements of an array that was sent as a summary. */
export type Fetcher = (array: number) => Promise<Elements>;

/** Fetches through the kernel, where there is one. */
export function fetcherOf(kernel: Kernel | null): Fetcher | null {
  if (kernel === null) return null;
  return async (array) => {
    const { elements } = await kernel("fetch", { array });
    if (elements === null) throw new Error("the kernel sent no array");
    return elements;
  };
}

/** An array as a picture of rows and columns. */
export interface Picture {
  rows: number;
  cols: number;
  cells: Elements;
  /** false: each cell stands for a block of elements */
  exact: boolean;
}

const CONSTRUCTORS = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u1: Uint8Array,
} as const;

export function decode(buffer: ArrayBuffer, offset: number, block: Omit<Block, "offset">): Elements {
  const make = CONSTRUCTORS[block.type];
  // The host may hand over a view that is not aligned for the type.
  if (offset % make.BYTES_PER_ELEMENT === 0) return new make(buffer, offset, block.length);
  const bytes = buffer.slice(offset, offset + block.length * make.BYTES_PER_ELEMENT);
  return new make(bytes, 0, block.length);
}

/** The buffer of a saved page. */
export function fromBase64(text: string): ArrayBuffer {
  const raw = atob(text.replace(/\s+/g, ""));
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes.buffer;
}

/** Rows and columns in which an array of any rank is drawn: the last axis runs across. */
export function plane(shape: readonly number[]): { rows: number; cols: number } {
  const cols = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  return { rows, cols };
}

export class ArrayStore {
  private readonly whole = new Map<number, Elements>();
  private readonly pictures = new Map<number, Picture | null>();
  private readonly peaks = new Map<number, number>();
  private readonly base: number;
  private readonly buffer: ArrayBuffer;

  constructor(
    private readonly payload: Payload,
    buffer: ArrayBuffer | DataView,
    private readonly fetcher: Fetcher | null,
  ) {
    if (buffer instanceof DataView) {
      this.buffer = buffer.buffer as ArrayBuffer;
      this.base = buffer.byteOffset;
    } else {
      this.buffer = buffer;
      this.base = 0;
    }
  }

  get canFetch(): boolean {
    return this.fetcher !== null;
  }

  spec(array: number): ArraySpec {
    const spec = this.payload.arrays[array];
    if (spec === undefined) throw new RangeError(`payload has no array ${array}`);
    return spec;
  }

  /** All elements in C order; null where only a summary is here. */
  elements(array: number): Elements | null {
    const known = this.whole.get(array);
    if (known !== undefined) return known;
    const block = this.spec(array).full;
    if (block === null) return null;
    const elements = decode(this.buffer, this.base + block.offset, block);
    this.whole.set(array, elements);
    return elements;
  }

  async fetch(array: number): Promise<Elements> {
    const known = this.elements(array);
    if (known !== null) return known;
    if (this.fetcher === null) throw new Error("no kernel is connected");
    const elements = await this.fetcher(array);
    this.whole.set(array, elements);
    return elements;
  }

  /** The small picture that was sent; null when there is nothing to draw (no elements). */
  picture(array: number): Picture | null {
    const known = this.pictures.get(array);
    if (known !== undefined) return known;
    const spec = this.spec(array);
    let picture: Picture | null = null;
    if (spec.thumb !== null) {
      picture = this.decoded(spec.thumb);
    } else {
      const cells = this.elements(array);
      const { rows, cols } = plane(spec.shape);
      if (cells !== null && rows * cols > 0) picture = { rows, cols, cells, exact: true };
    }
    this.pictures.set(array, picture);
    return picture;
  }

  /** The finest picture that was sent of an array of which not all elements are here. */
  summary(array: number): Picture | null {
    const { detail } = this.spec(array);
    return detail === null ? this.picture(array) : this.decoded(detail);
  }

  private decoded({ block, rows, cols }: PictureSpec): Picture {
    const cells = decode(this.buffer, this.base + block.offset, block);
    return { rows, cols, cells, exact: false };
  }

  /** The largest finite magnitude: where the colours end. */
  peak(array: number): number {
    const known = this.peaks.get(array);
    if (known !== undefined) return known;
    let peak = 0;
    for (const cell of this.picture(array)?.cells ?? []) {
      const magnitude = Math.abs(cell);
      if (magnitude > peak && magnitude < Infinity) peak = magnitude;
    }
    this.peaks.set(array, peak);
    return peak;
  }

  /** The element of an array of size one. */
  scalar(array: number): number {
    return this.elements(array)?.[0] ?? Number.NaN;
  }
}
