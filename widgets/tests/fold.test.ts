import { describe, expect, it } from "vitest";
import { ancestors, fold, initiallyOpen, opsByGroup, toggled, visibleKeys } from "../src/fold";
import { boxedGraph, scalarGraph } from "./fixture";

const keys = (scene: ReturnType<typeof fold>): string[] => scene.nodes.map((node) => node.key);
const links = (scene: ReturnType<typeof fold>): string[] =>
  scene.links.map((link) => `${link.from}>${link.to}`).sort();

const { payload } = boxedGraph();
const [NET, INNER] = [0, 1];

describe("fold", () => {
  it("shows everything when every box is open", () => {
    const scene = fold(payload, new Set([NET, INNER]), false);
    expect(scene.nodes).toHaveLength(payload.nodes.length);
    expect(scene.links).toHaveLength(payload.links.length);
    expect(scene.groups).toEqual([NET, INNER]);
  });

  it("draws a closed inner box as one node and keeps what is around it", () => {
    const scene = fold(payload, new Set([NET]), false);
    expect(keys(scene).sort()).toEqual(["g1", "o1", "o2", "v0", "v3", "v4"]);
    expect(scene.groups).toEqual([NET]);
    // p + p: two edges leave the box, drawn as one and both remembered.
    const out = scene.links.find((link) => link.from === "g1");
    expect(out?.to).toBe("o1");
    expect(out?.edges).toHaveLength(2);
  });

  it("hides nested boxes with the outer one", () => {
    const scene = fold(payload, new Set([INNER]), false);
    expect(keys(scene).sort()).toEqual(["g0", "o2", "v0", "v4"]);
    expect(links(scene)).toEqual(["g0>o2", "o2>v4", "v0>g0"]);
    expect(scene.groups).toEqual([]);
  });

  it("keeps one link per operand: x * x has two", () => {
    const scene = fold(scalarGraph().payload, new Set(), false);
    expect(links(scene).filter((link) => link === "v3>o1")).toHaveLength(2);
  });

  it("is deterministic, so the layout never moves", () => {
    const open = new Set([NET]);
    expect(fold(payload, open, false)).toEqual(fold(payload, open, false));
  });
});

describe("compact view", () => {
  it("leaves the ops out and joins values", () => {
    const scene = fold(scalarGraph().payload, new Set(), true);
    expect(scene.nodes.every((node) => node.kind === "value")).toBe(true);
    expect(links(scene)).toEqual(["v0>v3", "v1>v3", "v2>v5", "v3>v4", "v3>v4", "v4>v5"]);
    expect(scene.links[0]?.through).toBe(0);
  });

  it("joins through the borders of closed boxes", () => {
    const scene = fold(payload, new Set([NET]), true);
    expect(keys(scene).sort()).toEqual(["g1", "v0", "v3", "v4"]);
    expect(links(scene)).toEqual(["g1>v3", "v0>g1", "v3>v4"]);
  });
});

describe("boxes", () => {
  it("open and close one at a time", () => {
    const open = initiallyOpen(payload);
    expect([...open]).toEqual([NET, INNER]);
    expect([...toggled(open, INNER)]).toEqual([NET]);
    expect([...toggled(toggled(open, INNER), INNER)]).toEqual([NET, INNER]);
    expect([...open]).toEqual([NET, INNER]);
  });

  it("know their ancestors and end on a loop", () => {
    expect(ancestors(payload, INNER)).toEqual([NET, INNER]);
    const looped = boxedGraph().payload;
    looped.groups[NET]!.parent = INNER;
    expect(ancestors(looped, INNER)).toHaveLength(2);
  });

  it("count nested ops", () => {
    expect(opsByGroup(payload)).toEqual([[0, 1], [0]]);
    expect(payload.groups.map((group) => group.ops)).toEqual([2, 1]);
  });

  it("stand in for what they hide", () => {
    expect([...visibleKeys(payload, "v1", new Set([NET, INNER]))]).toEqual(["v1"]);
    expect([...visibleKeys(payload, "v1", new Set([NET]))]).toEqual(["g1"]);
    expect([...visibleKeys(payload, "o0", new Set())]).toEqual(["g0"]);
  });

  it("show every copy of a shared value", () => {
    const shared = boxedGraph().payload;
    shared.nodes.push({ ...shared.nodes[1]!, key: "v1.1", copy: true, group: null });
    expect([...visibleKeys(shared, "v1", new Set([NET, INNER]))]).toEqual(["v1", "v1.1"]);
  });
});
