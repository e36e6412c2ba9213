import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/claims/claim-steps";
import { claims, scenarioAt } from "../../src/claims/claims";
import { newestDay } from "../../src/claims/known-by";
import type { Part } from "../../src/claims/parts/part";
import { meets } from "../../src/claims/parts/part-words";
import { denseQuestion, startingShare } from "../../src/claims/set-up-worth";
import { type AskedSetUp, overSetUps, serving, setUpsOf, wideDecode } from "../../src/claims/set-ups";
import { worthByEra } from "../../src/claims/worth-by-era";
import type { StepQuestion } from "../../src/step/question";
import { resources, type Scale, speedOf } from "../../src/step/resources";
import { elasticityOf, worthOf } from "../../src/step/worth";

const knownBy = newestDay();
const context = { knownBy, asked: {}, scenario: scenarioAt(knownBy), draws: 16, seed: 1 };
const part = (id: string) =>
  claims({ draws: 64 })
    .flatMap((c) => c.parts)
    .find((p) => p.id === id) as Part;
const ask = (question: StepQuestion | undefined, scale: Scale) => {
  if (question === undefined) return Number.NaN;
  try {
    return elasticityOf(question, scale);
  } catch {
    return Number.NaN;
  }
};

describe("parts of worth", () => {
  it("claim 1 is arithmetic's elasticity over a dense model's, over the serving set-ups", () => {
    const ratio = (s: AskedSetUp) => ask(questionOf(s), resources.arithmetic) / ask(denseQuestion(s), resources.arithmetic);
    const own = overSetUps(context, serving, ratio, meets("ratio", { atMost: 1 })); // As it is printed, as all parts decide.
    expect(part("1.worth")).toMatchObject({ probability: own.share, value: own.median, kind: "prevalence" });
    expect(part("1.worth").population?.classes.map((c) => c.name)).toEqual(["ib-cluster", "one-node", "rack-latency", "rack-throughput"]);
  });

  it("claim 5 is the scale-up link's, and claim 4 that of messages, over wide decode", () => {
    const ratio = (s: AskedSetUp) => ask(questionOf(s), resources.scaleUpBandwidth) / ask(denseQuestion(s), resources.scaleUpBandwidth);
    expect(part("5.worth").probability).toBe(overSetUps(context, wideDecode, ratio, (r) => r <= 1).share);
    const messages = overSetUps(
      context,
      wideDecode,
      (s) => ask(questionOf(s), speedOf("messages")),
      (w) => w >= 0.05,
    );
    expect(part("4.worth")).toMatchObject({ probability: messages.share, value: messages.median });
  });

  it("the share of starts is their worth, and that of the time between kernels", () => {
    const setUp = setUpsOf(context, serving).find((s) => s.model === "gpt-oss-120b" && s.requestsPerGpu !== undefined) as AskedSetUp;
    const question = questionOf(setUp) as StepQuestion;
    const { fixed } = worthOf(question);
    expect(startingShare(question)).toBeCloseTo(fixed.betweenKernels + fixed.kernelStarts, 3);
  });

  it("puts the dense model on the same machine with the same context, cut over eight, with no more requests than fit", () => {
    for (const setUp of setUpsOf(context, wideDecode).filter((s) => s.requestsPerGpu !== undefined)) {
      const dense = denseQuestion(setUp);
      if (dense === undefined) continue;
      expect(dense).toMatchObject({ model: { id: "llama-3.1-405b" }, tensorParallel: 8, hardware: { id: setUp.machine } });
      expect(dense.contextTokens).toBe(questionOf(setUp)?.contextTokens);
      expect(dense.requests).toBeLessThanOrEqual(8 * Math.SQRT2 * (setUp.requestsPerGpu ?? 0) + 8);
    }
  });

  it("what counts for a verdict is what the author asserts; the rest are findings", () => {
    expect(["1.worth", "2.worth", "5.worth"].map((id) => part(id).stress)).toEqual([1, 1, 1]);
    expect(["3.worth", "4.worth", "5.links", "6a.worth"].map((id) => part(id).stress)).toEqual([0, 0, 0, 0]);
  });
});

describe("worth by era", () => {
  const { before, now, parts } = worthByEra();

  it("has every part once, what gained first; the shares of each era sum to one", () => {
    expect(parts).toHaveLength(9);
    for (const era of ["before", "now"] as const) expect(parts.reduce((sum, p) => sum + p[era], 0)).toBeCloseTo(1, 2);
    const moved = parts.map((p) => p.now - p.before);
    expect(moved).toEqual([...moved].sort((a, b) => b - a));
    for (const p of parts) expect(p.outcome).toBe(Math.abs(p.now - p.before) < 0.02 ? "held" : p.now > p.before ? "gained" : "lost");
  });

  it("is worthOf both steps: the network gains most, the scale-up link loses", () => {
    expect(parts[0]).toMatchObject({ part: "networkBandwidth", now: worthOf(now).elasticities.networkBandwidth, outcome: "gained" });
    expect(parts.find((p) => p.part === "scaleUpBandwidth")).toMatchObject({
      before: worthOf(before).elasticities.scaleUpBandwidth,
      outcome: "lost",
    });
    expect(() => worthByEra("l40s")).toThrow(/memory of l40s must hold llama-3.1-405b/);
  });
});
