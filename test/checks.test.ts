import { expect, it } from "vitest";
import { requireNonNegative, requirePositive, requirePositiveInteger } from "../src/checks";
import { nearest } from "../src/text/nearest";

const refused = (check: (name: string, value: number) => void) =>
  [2, 1, 0.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY].filter((value) => {
    try {
      check("tokens", value);
      return false;
    } catch {
      return true;
    }
  });

it("refuses what is no whole number of at least one", () => {
  expect(refused(requirePositiveInteger)).toEqual([0.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(() => requirePositiveInteger("tokens", 0)).toThrow(new RangeError("tokens must be a positive integer, got 0"));
});

it("refuses what is no finite number above zero", () => {
  expect(refused(requirePositive)).toEqual([0, -1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(() => requirePositive("peak", Number.NaN)).toThrow(new RangeError("peak must be a positive number, got NaN"));
});

it("refuses what is no finite number of at least zero", () => {
  expect(refused(requireNonNegative)).toEqual([-1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(() => requireNonNegative("overhead", -1)).toThrow(new RangeError("overhead must be a number of at least zero, got -1"));
});

it("refuses texts, which JavaScript would convert", () => {
  expect(() => requirePositive("peak", "5" as unknown as number)).toThrow("peak must be a positive number, got 5");
  expect(() => requirePositiveInteger("tokens", "5" as unknown as number)).toThrow("tokens must be a positive integer, got 5");
});

it("finds the nearest ids: those that hold the asked one first, then by edit distance", () => {
  const known = ["h100-sxm", "h200-sxm", "b200-sxm", "tpu-v5e"];
  expect(nearest("b200", known, 2)).toEqual(["b200-sxm", "h200-sxm"]);
  expect(nearest("H100-SXN", known, 1)).toEqual(["h100-sxm"]);
  expect(nearest("", known)).toHaveLength(3);
});
