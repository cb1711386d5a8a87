import { describe, expect, it } from "vitest";
import { unpack } from "../src/packed";
import { scalarGraph } from "./fixture";

async function pack(text: string): Promise<ArrayBuffer> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

describe("unpack", () => {
  const { payload } = scalarGraph();

  it("reads a compressed document, from a buffer or a view of one", async () => {
    const packed = await pack(JSON.stringify(payload));
    expect(await unpack(packed)).toEqual(payload);
    expect(await unpack(new DataView(packed))).toEqual(payload);
  });

  it("rejects what is damaged", async () => {
    const packed = await pack(JSON.stringify(payload));
    await expect(unpack(packed.slice(0, 40))).rejects.toThrow();
  });
});
