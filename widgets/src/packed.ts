// The payload's document travels compressed: a graph of ten thousand operations repeats itself.
/** Reads a gzip-compressed JSON document. */
export async function unpack<Document>(packed: ArrayBuffer | DataView): Promise<Document> {
  const bytes = new Blob([packed as BlobPart]).stream();
  const text = await new Response(bytes.pipeThrough(new DecompressionStream("gzip"))).text();
  return JSON.parse(text) as Document;
}
