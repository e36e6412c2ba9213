import { expect, it } from "vitest";
import {
  requireFlag,
  requireName,
  requireNonNegative,
  requirePositive,
  requirePositiveInteger,
  requireRecord,
  requireShare,
  requireWhole,
  requireWord,
} from "../src/checks";
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

it("refuses what is no whole number of at least zero", () => {
  expect(refused(requireWhole)).toEqual([0.5, -1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(() => requireWhole("drafts", -1)).toThrow(new RangeError("drafts must be a whole number of at least 0, got -1"));
});

it("refuses what is no share from nought to one, both included", () => {
  expect(refused(requireShare)).toEqual([2, -1, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(() => requireShare("hits", 2)).toThrow(new RangeError("hits must be a share from 0 to 1, got 2"));
  expect(() => requireShare("hits", "0.5" as unknown as number)).toThrow("hits must be a share from 0 to 1, got 0.5");
});

it("takes numbers up to 1e100 and none beyond", () => {
  for (const check of [requirePositive, requireNonNegative]) {
    expect(() => check("peak", 1e100)).not.toThrow();
    expect(() => check("peak", 1.01e100)).toThrow(RangeError);
  }
});

it("refuses any but the words it names", () => {
  expect(() => requireWord("mode", "warm", ["warm", "cold"])).not.toThrow();
  expect(() => requireWord("mode", "war", ["warm", "cold"])).toThrow(new RangeError('mode must be warm or cold, got "war"'));
  expect(() => requireWord("mode", 1, ["a", "b", "c"])).toThrow(new RangeError('mode must be one of a, b, c; got "1"'));
  expect(() => requireWord("mode", undefined, [undefined as unknown as string, "cold"])).toThrow('got "undefined"');
});

it("refuses what is no text of at least one letter", () => {
  expect(() => requireName("id", "a")).not.toThrow();
  expect(() => requireName("id", "")).toThrow(new RangeError("id must be a name, got "));
  expect(() => requireName("id", 7)).toThrow(new RangeError("id must be a name, got 7"));
});

it("refuses what is neither true nor false", () => {
  for (const value of [true, false]) expect(() => requireFlag("padded", value)).not.toThrow();
  expect(() => requireFlag("padded", 1)).toThrow(new RangeError("padded must be true or false, got 1"));
});

it("refuses what is no record, and tells a list, a record and nothing from one another", () => {
  const words = (value: unknown) => () => requireRecord("model", value, "a model's record");
  expect(words({})).not.toThrow();
  expect(words([1])).toThrow(new RangeError("model must be a model's record, got a list"));
  expect(words(null)).toThrow(new RangeError("model must be a model's record, got null"));
  expect(words("deepseek-v3")).toThrow(new RangeError("model must be a model's record, got deepseek-v3"));
  expect(() => requireFlag("padded", {})).toThrow(new RangeError("padded must be true or false, got a record"));
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
