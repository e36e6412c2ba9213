import { expect, it } from "vitest";
import { quantile } from "../src/statistics";

it("a quantile lies in a straight line between its neighbours, both ends included", () => {
  const values = [1, 2, 4, 8, 16];
  expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(values, share))).toEqual([1, 2, 4, 8, 16]);
  // 0.9 of four steps is 3.6: six tenths of the way from 8 to 16.
  expect(quantile(values, 0.9)).toBeCloseTo(12.8, 12);
  expect(quantile([7], 0.9)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});
