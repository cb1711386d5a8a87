import { beforeEach, describe, expect, it } from "vitest";
import { Trait } from "../src/sync";

class FakeModel {
  saved = 0;
  value: unknown = 0;
  listener: () => void = () => undefined;

  get(): unknown {
    return this.value;
  }

  set(_name: string, value: unknown): void {
    this.value = value;
    this.listener();
  }

  save_changes(): void {
    this.saved += 1;
  }
}

describe("a trait", () => {
  let model: FakeModel;
  let clock: number;
  let trait: Trait<number>;
  let followed: number[];

  beforeEach(() => {
    model = new FakeModel();
    clock = 0;
    trait = new Trait<number>(model, "step", () => clock);
    followed = [];
    model.listener = () => {
      const value = model.get() as number;
      if (trait.isNews(value)) followed.push(value);
    };
  });

  it("does not follow its own writing", () => {
    trait.write(3);
    expect(model.saved).toBe(1);
    expect(followed).toEqual([]);
  });

  it("writes nothing when nothing changes", () => {
    trait.write(0);
    expect(model.saved).toBe(0);
  });

  it("follows the kernel", () => {
    model.set("step", 7);
    expect(followed).toEqual([7]);
  });

  it("is not thrown back by the echo of an older move", () => {
    trait.write(1);
    trait.write(2);
    trait.write(3);
    model.set("step", 1);
    model.set("step", 2);
    expect(followed).toEqual([]);
    model.set("step", 3);
    expect(followed).toEqual([3]);
  });

  it("follows the kernel to a former position once the echoes are over", () => {
    trait.write(1);
    trait.write(2);
    clock = 5000;
    model.set("step", 1);
    expect(followed).toEqual([1]);
  });

  it("follows the kernel to a new position at once", () => {
    trait.write(1);
    model.set("step", 9);
    expect(followed).toEqual([9]);
  });
});
