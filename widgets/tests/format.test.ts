import { describe, expect, it } from "vitest";
import { format, formatElement, formatExact, isUnderflow, shapeText, toNumber } from "../src/format";

describe("format", () => {
  it.each([
    [0, "0"],
    [-0, "0"],
    [1, "1"],
    [-2.5, "−2.5"],
    [0.5, "0.5"],
    [1 / 3, "0.3333"],
    [0.0001, "0.0001"],
    [0.00012345678, "0.0001235"],
    [0.00009999, "9.999e−5"],
    [-1.2341e-7, "−1.234e−7"],
    [1e-7, "1e−7"],
    [1234.5678, "1235"],
    [12345.678, "12350"],
    [99999, "100000"],
    [1e5, "1e5"],
    [123456, "1.235e5"],
    [-6.02e23, "−6.02e23"],
    [120, "120"],
    [Number.NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [5e-324, "4.941e−324"],
  ])("%d is shown as %s", (x, text) => {
    expect(format(x)).toBe(text);
  });
});

describe("elements", () => {
  it("keeps every digit of integers and truth values", () => {
    expect(formatElement(1234567, "int64")).toBe("1234567");
    expect(formatElement(-12, "int32")).toBe("−12");
    expect(formatElement(1, "bool")).toBe("1");
    expect(formatElement(1234567, "float64")).toBe("1.235e6");
  });

  it("gives all digits under the pointer", () => {
    expect(formatExact(-0.1)).toBe("−0.1");
    expect(formatExact(1 / 3)).toBe("0.3333333333333333");
    expect(formatExact(-1e-9)).toBe("−1e−9");
    expect(formatExact(-Infinity)).toBe("−∞");
  });

  it("tells underflow by the dtype, and zero is none", () => {
    expect(isUnderflow(1e-310, "float64")).toBe(true);
    expect(isUnderflow(1e-310, "int64")).toBe(false);
    expect(isUnderflow(1e-39, "float32")).toBe(true);
    expect(isUnderflow(1e-39, "float64")).toBe(false);
    expect(isUnderflow(0, "float64")).toBe(false);
  });

  it("reads the numbers that JSON cannot hold", () => {
    expect(toNumber("NaN")).toBeNaN();
    expect(toNumber("-Infinity")).toBe(-Infinity);
    expect(toNumber(3)).toBe(3);
  });

  it("writes shapes as Python does", () => {
    expect(shapeText([])).toBe("()");
    expect(shapeText([3])).toBe("(3,)");
    expect(shapeText([3, 4])).toBe("(3, 4)");
  });
});
