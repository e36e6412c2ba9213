import { describe, expect, it } from "vitest";
import { busiestOverMean, expectedMaximum } from "../../src/routing/busiest-gpu";

describe("the largest of draws from a bell curve", () => {
  it("is r - (ln ln n + ln 4 pi) / (2 r) + 0.5772 / r: 2.5565 of a hundred draws", () => {
    // r = 3.0349; ln ln 100 = 1.5272, ln 4 pi = 2.5310: 3.0349 - 0.6686 + 0.1902.
    expect(expectedMaximum(100)).toBeCloseTo(2.55645, 4);
    expect(expectedMaximum(16)).toBeCloseTo(1.846, 3);
  });

  it.each([
    // The exact means, by integration.
    [16, 1.76599, 0.05],
    [100, 2.50759, 0.02],
    [320, 2.89826, 0.02],
  ])("is for %i draws within its bound above the exact %f", (n, exact, bound) => {
    expect(expectedMaximum(n)).toBeGreaterThan(exact);
    expect(expectedMaximum(n)).toBeLessThan(exact * (1 + bound));
  });

  it("is none of one draw, and refused for a number that is no count", () => {
    expect(expectedMaximum(1)).toBe(0);
    expect(() => expectedMaximum(0)).toThrow("n must be a positive integer, got 0");
  });
});

describe("the busiest GPU over the mean", () => {
  it("is one and so many deviations of the sum over its experts", () => {
    // 64 GPUs with four of 256 experts; 0.3 of skew and 1/16 of chance: 2.3983 sqrt((0.09 + 0.0625) / 4).
    const question = { tokensPerExpert: 16, routedExperts: 256, gpus: 64, skew: 0.3 };
    expect(busiestOverMean(question)).toBeCloseTo(1 + 2.398307 * Math.sqrt(0.1525 / 4), 5);
    expect(busiestOverMean({ ...question, gpus: 1 })).toBe(1);
    expect(busiestOverMean({ ...question, skew: 0 })).toBeCloseTo(1 + 2.398307 / 8, 5);
  });

  it.each([
    ["tokensPerExpert must be a positive number, got 0", { tokensPerExpert: 0 }],
    ["routedExperts must be a positive integer, got 0", { routedExperts: 0 }],
    ["gpus must be a positive integer, got 1.5", { gpus: 1.5 }],
    ["skew must be", { skew: -0.1 }],
  ])("is refused by name: %s", (words, change) => {
    expect(() => busiestOverMean({ tokensPerExpert: 1, routedExperts: 1, gpus: 1, skew: 0, ...change })).toThrow(words);
  });
});
