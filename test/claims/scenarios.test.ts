import { describe, expect, it } from "vitest";
import { claims, type Scenario } from "../../src/claims/claims";
import { mostWords, wordCount } from "../../src/claims/parts/headline";
import { likelihoodWords, likely, unlikely, within } from "../../src/claims/parts/part-words";
import { verdictOf } from "../../src/claims/parts/verdict";
import { claimIds, claimRow } from "../../src/explore/verdicts";

/** The default and twenty others: coarse and fine models, slow and fast machines, few and many tokens, formats, degrees. */
const scenarios: readonly Partial<Scenario>[] = [
  {},
  { model: "mixtral-8x22b" },
  { model: "mixtral-8x7b" },
  { model: "dbrx" },
  { model: "gpt-oss-120b" },
  { model: "gpt-oss-20b" },
  { model: "kimi-k3" },
  { model: "kimi-k2" },
  { model: "deepseek-v3" },
  { model: "deepseek-v4-flash" },
  { model: "qwen3-235b-a22b" },
  { model: "llama-4-maverick" },
  { model: "minimax-m3" },
  { hardware: "h20" },
  { hardware: "gb200" },
  { hardware: "a100-sxm" },
  { hardware: "tpu-v7" },
  { tokensInFlight: 64 },
  { tokensInFlight: 1_000_000, expertParallel: 8 },
  { model: "deepseek-v3", hardware: "h800-sxm", tokensInFlight: 6144, expertParallel: 128, weightFormat: "fp8_block", contextTokens: 4096 },
  { model: "mixtral-8x22b", hardware: "h20", tokensInFlight: 512, expertParallel: 8, contextTokens: 32_768 },
];

describe.each(scenarios)("under %j", (scenario) => {
  const judged = claims({ scenario, draws: 64 });

  it("verdict, headline, words and numbers agree", () => {
    for (const c of judged) {
      expect(c.verdict, c.id).toBe(verdictOf(c.parts));
      expect(wordCount(c.headline), c.headline).toBeLessThanOrEqual(mostWords);
      expect(c.headline, c.id).not.toMatch(/NaN|undefined|null|Infinity/);
      for (const p of c.parts) {
        if (p.probability !== undefined) {
          expect(p.probability, p.id).toBeGreaterThanOrEqual(0);
          expect(p.probability, p.id).toBeLessThanOrEqual(1);
          expect(p.words, p.id).toBe(likelihoodWords(p.probability));
          if (p.outcome !== "pending")
            expect(p.outcome, p.id).toBe(p.probability >= likely ? "right" : p.probability < unlikely ? "wrong" : "open");
        }
        if (p.kind === "fact" && !Number.isNaN(p.value)) expect(p.holds, p.id).toBe(within(p.value, p.threshold));
        for (const r of p.readings ?? []) if (r.probability !== undefined) expect(r.words, p.id).toBe(likelihoodWords(r.probability));
      }
    }
  });

  it("a mixed verdict says which half: its headline holds a right and a wrong part", () => {
    for (const c of judged.filter(({ verdict }) => /^(Half|Mostly)/.test(verdict))) {
      const counted = c.parts.filter((p) => p.stress > 0 && p.outcome !== "pending");
      expect(new Set(counted.map((p) => p.outcome)).size, c.id).toBeGreaterThan(1);
      expect(c.headline, c.id).toContain(";");
    }
  });

  it("the page shows the same verdict and headline", () => {
    for (const id of claimIds()) {
      const row = claimRow(id, scenario, 64);
      const own = judged.find((c) => c.id === id);
      if (row.ofScenario) expect([row.verdict, row.because], id).toEqual([own?.verdict, own?.headline]);
    }
  });
});

it("what the page calls the same under every scenario is so", () => {
  const [plain, other] = [claims({ draws: 64 }), claims({ scenario: { model: "mixtral-8x22b", hardware: "h20" }, draws: 64 })];
  for (const id of ["6a", "6b", "6c", "7a", "7b", "8", "9"]) {
    const verdict = (all: typeof plain) => all.find((c) => c.id === id)?.headline;
    expect(verdict(other), id).toBe(verdict(plain));
  }
});
