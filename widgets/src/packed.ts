// The payload's document travels compressed: a graph of ten thousand operations repeats itself.
import type { Payload } from "./payload";

/** Reads a gzip-compressed JSON document. */
export async function unpack(packed: ArrayBuffer | DataView): Promise<Payload> {
  const bytes = new Blob([packed as BlobPart]).stream();
  const text = await new Response(bytes.pipeThrough(new DecompressionStream("gzip"))).text();
  return JSON.parse(text) as Payload;
}
