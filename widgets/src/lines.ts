// The main ways of the data through a scene.
import type { Scene } from "./fold";

/** Divides what is computed into lines, each as long as can be, that Graphviz draws straight:
 *  otherwise it bends them to make boxes narrow, and a deep network runs off sideways. */
export function straightLines(scene: Scene): Map<string, number> {
  const made = new Set(scene.links.map((link) => link.to));
  const after = new Map<string, Set<string>>();
  const waiting = new Map<string, number>([...made].map((key) => [key, 0]));
  for (const { from, to } of scene.links) {
    if (!made.has(from)) continue;
    const next = after.get(from) ?? new Set();
    if (!next.has(to)) waiting.set(to, (waiting.get(to) ?? 0) + 1);
    after.set(from, next.add(to));
  }
  const order = [...made].filter((key) => waiting.get(key) === 0);
  for (const key of order) {
    for (const next of after.get(key) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  // How far it is from each node to the end: the longest way on is the line.
  const length = new Map<string, number>();
  for (const key of [...order].reverse()) {
    const ways = [...(after.get(key) ?? [])].map((next) => length.get(next) ?? 0);
    length.set(key, 1 + Math.max(0, ...ways));
  }
  const lines = new Map<string, number>();
  let count = 0;
  for (const start of [...order].sort((a, b) => (length.get(b) ?? 0) - (length.get(a) ?? 0))) {
    if (lines.has(start)) continue;
    for (let key: string | undefined = start; key !== undefined; ) {
      lines.set(key, count);
      const free: string[] = [...(after.get(key) ?? [])].filter((next) => !lines.has(next));
      const longest = Math.max(...free.map((next) => length.get(next) ?? 0));
      key = free.find((next) => length.get(next) === longest);
    }
    count += 1;
  }
  return lines;
}
