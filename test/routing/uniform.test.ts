import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  expertLoad,
  idleExpertShare,
  meanTokensPerExpert,
  type Router,
  simulateUniformRouting,
  tokensForMean,
} from "../../src/routing/uniform";
import { exactBinomial } from "../binomial";

const article = { routedExperts: 384, expertsPerToken: 8 };
const v3 = { routedExperts: 256, expertsPerToken: 8 };
const small = { routedExperts: 4, expertsPerToken: 2 };

const router = fc
  .integer({ min: 1, max: 400 })
  .chain((routedExperts) =>
    fc.record({ routedExperts: fc.constant(routedExperts), expertsPerToken: fc.integer({ min: 1, max: routedExperts }) }),
  );
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const maximum = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));

describe("meanTokensPerExpert", () => {
  it("gives the article's 128, and 192 for the 256 experts that DeepSeek-V3 has", () => {
    expect(meanTokensPerExpert(6144, article)).toBe(128); // 6144 * 8 / 384
    expect(meanTokensPerExpert(6144, v3)).toBe(192); // 6144 * 8 / 256
  });

  it("is the mean of any simulation", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 200 }), fc.integer(), (r, tokens, seed) => {
        expect(sum(simulateUniformRouting(tokens, r, seed)) / r.routedExperts).toBeCloseTo(meanTokensPerExpert(tokens, r), 9);
      }),
    );
  });
});

describe("tokensForMean", () => {
  it("gives the tokens in flight for a mean: 128 need 6,144 over 384 experts, 4,096 over 256", () => {
    expect(tokensForMean(128, article)).toBe(6144); // 128 * 384 / 8
    expect(tokensForMean(128, v3)).toBe(4096); // 128 * 256 / 8
  });

  it("undoes meanTokensPerExpert", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 1e6 }), (r, tokens) => {
        expect(tokensForMean(meanTokensPerExpert(tokens, r), r) / tokens).toBeCloseTo(1, 12);
      }),
    );
  });

  it("refuses a mean that is not positive", () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => tokensForMean(bad, v3)).toThrow(new RangeError(`tokensPerExpert must be a positive number, got ${bad}`));
  });
});

describe("idleExpertShare", () => {
  it("multiplies the chance that each token passes an expert by", () => {
    expect(idleExpertShare(2, small)).toBe(0.25); // (1 - 2/4) ^ 2
    expect(idleExpertShare(3, { routedExperts: 5, expertsPerToken: 1 })).toBeCloseTo(0.512, 12); // (4/5) ^ 3
    expect(idleExpertShare(1, { routedExperts: 3, expertsPerToken: 3 })).toBe(0);
  });

  it("never grows with more tokens", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000 }), (r, tokens, more) => {
        expect(idleExpertShare(tokens + more, r)).toBeLessThanOrEqual(idleExpertShare(tokens, r));
      }),
    );
  });

  it("is what simulations leave idle, on average", () => {
    const idle = Array.from({ length: 300 }, (_, seed) => simulateUniformRouting(64, v3, seed).filter((n) => n === 0).length / 256);
    expect(sum(idle) / idle.length).toBeCloseTo((1 - 8 / 256) ** 64, 2);
  });
});

describe("expertLoad", () => {
  it.each([
    { tokens: 1, routedExperts: 8, expertsPerToken: 2 },
    { tokens: 40, routedExperts: 7, expertsPerToken: 3 },
    { tokens: 3, routedExperts: 512, expertsPerToken: 1 },
    { tokens: 500, routedExperts: 10, expertsPerToken: 9 },
    { tokens: 1000, routedExperts: 384, expertsPerToken: 8 },
  ])("has the probabilities of whole numbers, $tokens tokens to $expertsPerToken of $routedExperts", ({ tokens, ...r }) => {
    const { distribution } = expertLoad(tokens, r);
    for (const { tokens: k, probability } of distribution) {
      const exact = exactBinomial(k, tokens, r.expertsPerToken, r.routedExperts);
      expect(Math.abs(probability / exact - 1), `P(${k})`).toBeLessThan(1e-12);
    }
    expect(sum(distribution.map(({ probability }) => probability))).toBeCloseTo(1, 10);
  });

  it("gives every expert every token when a token goes to all", () => {
    expect(expertLoad(9, { routedExperts: 4, expertsPerToken: 4 }).distribution).toEqual([{ tokens: 9, probability: 1 }]);
  });

  it("is a binomial, worked by hand for two tokens on half of four experts", () => {
    const load = expertLoad(2, small);
    expect(load.distribution.map((d) => d.tokens)).toEqual([0, 1, 2]);
    for (const [i, p] of [1 / 4, 1 / 2, 1 / 4].entries()) expect(load.distribution[i]?.probability).toBeCloseTo(p, 12);
    expect(load.mean).toBe(1); // 2 * 2 / 4
    expect(load.standardDeviation).toBeCloseTo(Math.sqrt(0.5), 12); // sqrt(2 * 1/2 * 1/2)
    expect(load.idleShare).toBe(0.25);
    expect(load.expectedMaximum).toBeCloseTo(1 - (1 / 4) ** 4 + (1 - (3 / 4) ** 4), 12);
    expect(load.quantiles).toEqual({ p05: 0, p50: 1, p95: 2 }); // P(load <= 0, 1, 2) = 0.25, 0.75, 1
  });

  it("has half of two experts idle with one token, so that no token is what half of them stay at", () => {
    expect(expertLoad(1, { routedExperts: 2, expertsPerToken: 1 }).quantiles).toEqual({ p05: 0, p50: 0, p95: 1 });
  });

  it("lists the counts that are likelier than 1e-12, one after another", () => {
    for (const tokens of [6144, 24_576]) {
      const { distribution } = expertLoad(tokens, article);
      expect(distribution.every(({ probability }) => probability > 1e-12)).toBe(true);
      expect(distribution.map((d) => d.tokens - (distribution[0]?.tokens ?? 0))).toEqual(distribution.map((_, i) => i));
      // One more to either side would be a few times less likely.
      expect(Math.max(distribution[0]?.probability ?? 1, distribution.at(-1)?.probability ?? 1)).toBeLessThan(4e-12);
    }
  });

  it("spreads the article's 128 tokens by 11.2 either way, and leaves the busiest at 1.27 times the mean", () => {
    const load = expertLoad(6144, article);
    expect(load.standardDeviation).toBeCloseTo(Math.sqrt(6144 * (1 / 48) * (47 / 48)), 12); // 8 / 384 = 1/48
    expect(load.quantiles.p05).toBe(110);
    expect(load.quantiles.p50).toBe(128);
    expect(load.quantiles.p95).toBe(147);
    expect(load.expectedMaximum / load.mean).toBeCloseTo(1.268, 3);
  });

  it("has a distribution that sums to one and has the mean and the deviation stated", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 20_000 }), (r, tokens) => {
        const { distribution, mean, standardDeviation } = expertLoad(tokens, r);
        expect(sum(distribution.map((d) => d.probability))).toBeCloseTo(1, 8);
        const first = sum(distribution.map((d) => d.probability * d.tokens));
        expect(Math.abs(first - mean)).toBeLessThan(1e-6 * mean + 1e-6);
        expect(sum(distribution.map((d) => d.probability * (d.tokens - mean) ** 2))).toBeCloseTo(standardDeviation ** 2, 3);
      }),
      { numRuns: 60 },
    );
  });

  it("orders mean, maximum and quantiles, and never expects more than all tokens on one expert", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 5000 }), (r, tokens) => {
        const { mean, expectedMaximum, quantiles } = expertLoad(tokens, r);
        expect(expectedMaximum).toBeGreaterThanOrEqual(mean - 1e-6);
        expect(expectedMaximum).toBeLessThanOrEqual(tokens + 1e-9);
        expect(quantiles.p05).toBeLessThanOrEqual(quantiles.p50);
        expect(quantiles.p50).toBeLessThanOrEqual(quantiles.p95);
        expect(Math.abs(quantiles.p50 - mean)).toBeLessThanOrEqual(1); // a binomial's median is its mean, rounded
      }),
      { numRuns: 60 },
    );
  });

  it("gives every expert every token when a token picks all", () => {
    expect(expertLoad(100, { routedExperts: 8, expertsPerToken: 8 })).toMatchObject({
      mean: 100,
      standardDeviation: 0,
      expectedMaximum: 100,
      idleShare: 0,
      quantiles: { p05: 100, p50: 100, p95: 100 },
    });
  });

  const simulatedMaximum = (tokens: number, r: Router, runs: number) =>
    sum(Array.from({ length: runs }, (_, seed) => maximum(simulateUniformRouting(tokens, r, seed)))) / runs;

  it.each([
    [6144, article, 200],
    [6144, v3, 200],
    [512, article, 2000],
    [48, article, 10_000],
  ])("expects the maximum of %i tokens on %o within half a percent of %i simulations", (tokens, r, runs) => {
    expect(Math.abs(expertLoad(tokens, r).expectedMaximum / simulatedMaximum(tokens, r, runs) - 1)).toBeLessThan(0.005);
  });

  it("expects too little where few experts share the total: up to 2 % for 64 tokens over 8, 10 % for one token", () => {
    const mixtral = { routedExperts: 8, expertsPerToken: 2 };
    const off = (tokens: number) => expertLoad(tokens, mixtral).expectedMaximum / simulatedMaximum(tokens, mixtral, 5000) - 1;
    expect(off(64)).toBeLessThan(-0.015);
    expect(off(64)).toBeGreaterThan(-0.02);
    expect(off(1)).toBeCloseTo(-((3 / 4) ** 8), 9); // all eight idle, were they independent; the true maximum is one
  });
});

describe("simulateUniformRouting", () => {
  it("hands out tokens times expertsPerToken, and to no expert more than one a token", () => {
    fc.assert(
      fc.property(router, fc.integer({ min: 1, max: 100 }), fc.integer(), (r, tokens, seed) => {
        const counts = simulateUniformRouting(tokens, r, seed);
        expect(counts).toHaveLength(r.routedExperts);
        expect(sum(counts)).toBe(tokens * r.expertsPerToken);
        expect(maximum(counts)).toBeLessThanOrEqual(tokens);
      }),
    );
  });

  it("sends one token to distinct experts", () => {
    fc.assert(
      fc.property(router, fc.integer(), (r, seed) => {
        expect(simulateUniformRouting(1, r, seed).filter((n) => n === 1)).toHaveLength(r.expertsPerToken);
      }),
    );
  });

  it("gives the same counts for the same seed, others for another", () => {
    expect(simulateUniformRouting(6144, article, 7)).toEqual(simulateUniformRouting(6144, article, 7));
    expect(simulateUniformRouting(6144, article, 7)).not.toEqual(simulateUniformRouting(6144, article, 8));
  });

  it("gives the same counts on every machine", () => {
    expect(simulateUniformRouting(10, { routedExperts: 8, expertsPerToken: 2 }, 1)).toEqual([4, 5, 2, 0, 0, 1, 2, 6]);
  });

  it("favours no expert: over 400 seeds each of 16 gets its share within five standard deviations", () => {
    const r = { routedExperts: 16, expertsPerToken: 3 };
    const runs = Array.from({ length: 400 }, (_, seed) => simulateUniformRouting(10, r, seed));
    const deviation = Math.sqrt(4000 * (3 / 16) * (13 / 16)); // 400 runs of 10 tokens
    for (let e = 0; e < 16; e++)
      expect(Math.abs(sum(runs.map((counts) => counts[e] as number)) - 4000 * (3 / 16))).toBeLessThan(5 * deviation);
  });

  it("spreads loads as the binomial says: variance within 5 % over 100 simulations", () => {
    const squares = Array.from({ length: 100 }, (_, seed) => simulateUniformRouting(6144, article, seed)).flatMap((counts) =>
      counts.map((n) => (n - 128) ** 2),
    );
    expect(sum(squares) / squares.length / expertLoad(6144, article).standardDeviation ** 2).toBeCloseTo(1, 1);
  });

  it("refuses a seed that is no integer", () => {
    for (const bad of [0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => simulateUniformRouting(1, v3, bad)).toThrow(new RangeError(`seed must be an integer, got ${bad}`));
  });
});

describe("every function of routing", () => {
  const functions: Record<string, (tokens: number, r: Router) => unknown> = {
    meanTokensPerExpert,
    idleExpertShare,
    expertLoad,
    simulateUniformRouting: (tokens, r) => simulateUniformRouting(tokens, r, 1),
  };

  it.each(Object.entries(functions))("%s refuses counts that cannot be, and names the field", (_, call) => {
    for (const bad of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => call(bad, v3)).toThrow(new RangeError(`tokens must be a positive integer, got ${bad}`));
      expect(() => call(1, { ...v3, routedExperts: bad })).toThrow(new RangeError(`routedExperts must be a positive integer, got ${bad}`));
      expect(() => call(1, { ...v3, expertsPerToken: bad })).toThrow(
        new RangeError(`expertsPerToken must be a positive integer, got ${bad}`),
      );
    }
    expect(() => call(1, { routedExperts: 4, expertsPerToken: 5 })).toThrow(
      new RangeError("expertsPerToken must be at most routedExperts, got 5 of 4"),
    );
  });

  it("tokensForMean refuses routers that cannot be", () => {
    expect(() => tokensForMean(1, { routedExperts: 4, expertsPerToken: 5 })).toThrow(
      new RangeError("expertsPerToken must be at most routedExperts, got 5 of 4"),
    );
    expect(() => tokensForMean(1, { routedExperts: 0, expertsPerToken: 0 })).toThrow(
      new RangeError("routedExperts must be a positive integer, got 0"),
    );
  });
});
