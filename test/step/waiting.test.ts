import { describe, expect, it } from "vitest";
import { busiestRank } from "../../src/step/waiting";

/** To the 0.00045 of the approximated quantile. */
const digits = 3;
const v3 = { expertsPerToken: 8, experts: 256, ranks: 8 };

describe("how many times the mean the busiest rank has to do", () => {
  // Solved apart from this code: x ln x - x + 1 = v g^2 / (2 m) by halving intervals, g the exact normal quantile of (n - 3/8) / (n + 1/4).
  it.each([
    // v = 7/8 of 248/255, g = 1.4342, m = 1: 0.8752.
    [{ ...v3, tokens: 1 }, 2.59043],
    [{ ...v3, tokens: 64 }, 1.16988],
    [{ ...v3, tokens: 4096, ranks: 32 }, 1.06334],
    [{ tokens: 64, expertsPerToken: 4, experts: 128, ranks: 2 }, 1.03662],
    [{ tokens: 2, expertsPerToken: 8, experts: 16, ranks: 8 }, 1.76885],
    [{ tokens: 3, expertsPerToken: 4, experts: 8, ranks: 3 }, 1.28006],
  ])("is where the tail of chance has it: %o", (question, times) => {
    expect(busiestRank(question)).toBeCloseTo(times, digits);
  });

  it("is where the tail has it far out, at means of a quarter and a sixteenth: 4.72 and 13.82 times", () => {
    expect(busiestRank({ tokens: 2, expertsPerToken: 1, experts: 32, ranks: 8 })).toBeCloseTo(4.7168, 2);
    expect(busiestRank({ tokens: 1, expertsPerToken: 1, experts: 64, ranks: 16 })).toBeCloseTo(13.8172, 2);
  });

  it.each([
    // Four of eight groups, two experts of each: a group's rows vary by 4 (1/8) (7/8) (4/7) of 2^2, beside v, over one row a token.
    [8, 1.25363],
    // Two groups stand on a rank, and half of the tokens' groups: 4 (1/4) (3/4) (4/7) of 2^2 over two rows.
    [4, 1.11905],
    // A quarter of a group: rows half as many a group, over a quarter of a row.
    [32, 1.61501],
  ])("is more where tokens choose four of eight groups first, on %i ranks", (ranks, times) => {
    const question = { ...v3, tokens: 64, ranks };
    expect(busiestRank({ ...question, expertGroups: 8, chosenGroups: 4 })).toBeCloseTo(times, digits);
    expect(busiestRank({ ...question, expertGroups: 8, chosenGroups: 8 })).toBe(busiestRank(question));
    expect(busiestRank({ ...question, expertGroups: 8 })).toBe(busiestRank(question));
  });

  it("is at most what a rank can get: of eight experts a token the two that it has, of a mean of one", () => {
    expect(busiestRank({ tokens: 1, expertsPerToken: 8, experts: 16, ranks: 8 })).toBe(2);
    // 17 experts are three on some rank.
    expect(busiestRank({ tokens: 1, expertsPerToken: 8, experts: 17, ranks: 8 })).toBeGreaterThan(2);
  });

  it("is one where nothing is left to chance: on one rank, or with every expert chosen", () => {
    expect(busiestRank({ ...v3, tokens: 1, ranks: 1 })).toBe(1);
    expect(busiestRank({ tokens: 1, expertsPerToken: 8, experts: 8, ranks: 4 })).toBe(1);
  });

  it("is refused by name", () => {
    const ask = (change: object) => () => busiestRank({ ...v3, tokens: 1, ranks: 16, ...change });
    for (const name of ["tokens", "expertsPerToken"]) expect(ask({ [name]: 0 }), name).toThrow(`${name} must be a positive number, got 0`);
    expect(ask({ ranks: 1.5 })).toThrow("ranks must be");
  });
});
