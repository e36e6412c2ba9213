import { describe, expect, it } from "vitest";
import { articleDay, type Claim, claim, claims, evidence, judgeClaim } from "../../src/claims/claims";
import { mostWords, wordCount } from "../../src/claims/parts/headline";
import type { Part } from "../../src/claims/parts/part";
import { likelihoodWords, within } from "../../src/claims/parts/part-words";
import { verdictOf, verdicts } from "../../src/claims/parts/verdict";
import { model } from "../../src/model/registry";
import { decodeFusions, fusedExperts } from "../../src/published/fused-kernels";
import { formatCount, formatNumber } from "../../src/text/numbers";

const judged = claims();
const part = (id: string, of: readonly Claim[] = judged) => of.flatMap((c) => c.parts).find((p) => p.id === id) as Part;

describe("the sixteen claims", () => {
  it("are sixteen, in the article's order, of three dozen parts and more", () => {
    expect(judged.map((c) => c.id).join(" ")).toBe("0a 0b 0c 0d 1 2 3 4 5 6a 6b 6c 7a 7b 8 9");
    expect(judged.flatMap((c) => c.parts).length).toBeGreaterThanOrEqual(34);
  });

  it("have a verdict of seven that follows from their parts, and a headline of at most 25 words", () => {
    for (const c of judged) {
      expect(verdicts, c.id).toContain(c.verdict);
      expect(c.verdict, c.id).toBe(verdictOf(c.parts));
      expect(verdicts, c.id).toContain(c.then.verdict);
      for (const { headline } of [c, c.then]) {
        expect(wordCount(headline), headline).toBeLessThanOrEqual(mostWords);
        expect(headline).toMatch(/^[A-Z0-9].*\.$/);
        expect(headline).not.toMatch(/NaN|undefined|null|Infinity/);
      }
    }
  });

  it("have parts whose ids are theirs, each with a reason for its threshold, a day and a grade", () => {
    for (const c of judged)
      for (const p of c.parts) {
        expect(p.id.startsWith(`${c.id}.`)).toBe(true);
        expect(p.threshold.atLeast ?? p.threshold.atMost, p.id).toBeDefined();
        expect(p.threshold.reason.length, p.id).toBeGreaterThan(5);
        expect(p.by, p.id).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect("ABCD", p.id).toContain(p.grade);
        expect(p.evidence.every((e) => e.part === p.id)).toBe(true);
      }
  });

  it("give a prevalence its population with name and count, a fact no probability, a definition two readings", () => {
    for (const p of judged.flatMap((c) => c.parts)) {
      if (p.kind === "prevalence" && !Number.isNaN(p.value))
        expect(p.population, p.id).toMatchObject({ name: expect.any(String), count: expect.any(Number) });
      if (p.kind === "fact" || p.kind === "definition") expect(p.probability, p.id).toBeUndefined();
      if (p.kind === "definition") expect(p.readings?.length, p.id).toBeGreaterThanOrEqual(2);
      if (p.kind === "credence" && !Number.isNaN(p.value)) expect(p.probability, p.id).toBeGreaterThanOrEqual(0);
    }
  });

  it("never read the same word for 0 % and 100 %", () => {
    const said = (p: number) => likelihoodWords(p);
    expect(said(0)).not.toBe(said(1));
    for (const p of judged.flatMap((c) => c.parts)) if (p.probability !== undefined) expect(p.words, p.id).toBe(said(p.probability));
  });

  it("hold a fact exactly inside its threshold, and any other part where it is more likely than not", () => {
    for (const c of [...judged, ...claims({ knownBy: articleDay })])
      for (const p of c.parts) {
        if (Number.isNaN(p.value)) expect(p.holds, p.id).toBe(false);
        else if (p.kind === "fact") expect(p.holds, p.id).toBe(within(p.value, p.threshold));
        else if (p.readings !== undefined) expect(p.holds, p.id).toBe(p.readings.every((r) => r.holds));
        else expect(p.holds, p.id).toBe((p.probability ?? 0) >= 0.5);
      }
  });

  it("print both readings of a word, never their mean", () => {
    for (const id of ["0b.task", "0c.run", "6a.semantics"]) {
      const { readings, probability } = part(id);
      expect(probability, id).toBeUndefined();
      expect(new Set(readings?.map((r) => r.words)).size, id).toBe(2);
    }
  });
});

describe("values worked by hand", () => {
  it("0a: 6,144 x 8 / 384 = 128, and DeepSeek-V3 has 256", () => {
    expect(part("0a.arithmetic").value).toBe(128);
    expect(part("0a.shape")).toMatchObject({ value: 256, holds: false });
  });

  it("0c: a tile of 128 x 128 at one byte is 16,384, at half a byte 8,192; V3's down matrix is 14.7 MB", () => {
    const v3 = judgeClaim("0c", { scenario: { model: "deepseek-v3" } });
    expect(v3.parts[0]?.readings?.map((r) => Math.round(r.value))).toEqual([16_384, Math.round(2048 * 7168 * (1 + 4 / 128 ** 2))]);
    expect(judgeClaim("0c", { scenario: { model: "gpt-oss-120b" } }).parts[0]?.readings?.[0]?.value).toBe(8192);
    expect(judgeClaim("0c", { scenario: { model: "mixtral-8x22b" } }).verdict).toBe("Wrong");
  });

  it("1: 2 x 256 x 7.38e12 x 0.8 / (4.614e15 x 0.53125) = 1.2332 on TPU7x in MXFP4", () => {
    const four = judgeClaim("1", { scenario: { model: "kimi-k3", hardware: "tpu-v7" } }).parts.find((p) => p.id === "1.four") as Part;
    expect(four.value).toBeCloseTo((2 * 256 * 7.38e12 * 0.8) / (4.614e15 * 0.53125), 9);
    // The array binds from a share of 0.8 / 1.2332 = 0.6487 on: (0.95 - 0.6487) / 0.35 of the interval.
    expect(four.probability).toBeCloseTo((0.95 - 0.8 / four.value) / 0.35, 6);
  });

  it("6b: (4 + 0.09 x 128) / (24 x 1.3) is the least and (32 + 0.34 x 120) / 20 the most", () => {
    const cost = part("6b.cost");
    expect(cost.value).toBeGreaterThan((4 + 0.09 * 128) / (24 * 1.3));
    expect(cost.value).toBeLessThan((32 + 0.34 * 120) / 20);
  });

  it("7a: 32 to 48 is 0.585 of a doubling, so 1.15 becomes 1.27", () => {
    expect(part("7a.returns").value).toBeCloseTo(1.15 ** (Math.log(2) / Math.log(1.5)), 6);
  });
});

describe("parts from tables", () => {
  it("2.acted is the largest gain of the published fused layers and steps that were out on the day", () => {
    const gains = fusedExperts().map(({ gain }) => gain);
    const steps = decodeFusions().map((d) => d.graphSeconds / d.megakernelSeconds);
    expect(part("2.acted").value).toBe(Math.max(...gains, ...steps));
    // SGLang's on H20 with 2 tokens: 614.5 us in separate kernels over 235.2 in one; of a whole step 5.52 ms over 3.16.
    expect(part("2.acted").value).toBeCloseTo(614.5 / 235.2, 9);
    expect(part("2.acted").found).toContain(`${formatNumber(5.52 / 3.16)} times`);
    // DeepSeek's alone were out in April 2026.
    expect(part("2.acted", claims({ knownBy: "2026-05-01" })).value).toBe(1.96);
  });

  it("7a.wider names whose experts are few and wide, as they are in the registry", () => {
    const [scout, small] = ["llama-4-scout", "gpt-oss-20b"].map(model);
    const row = evidence().find(({ part: id, says }) => id === "7a.wider" && says.startsWith("Llama 4"));
    expect(row?.says).toBe(
      `Llama 4 Scout came out with ${scout?.routedExperts} experts of ${formatCount(scout?.moeIntermediateSize ?? 0)}, gpt-oss-20b with ${small?.routedExperts} of ${formatCount(small?.moeIntermediateSize ?? 0)}.`,
    );
  });
});

describe("then and now", () => {
  it("knows on the article's day what a datasheet decides, and nothing that came later", () => {
    const early = claims({ knownBy: articleDay });
    for (const id of ["0a.decode", "0b.shrink", "1.eight", "2.stream", "2.graph", "3.sector", "4.fabric", "5.rate"])
      expect(part(id, early).value, id).not.toBeNaN();
    for (const id of ["2.acted", "3.falls", "6b.cost", "6c.ethernet", "7a.wider", "7b.dense"]) expect(part(id, early).value, id).toBeNaN();
    expect(early.map((c) => c.then)).toEqual(judged.map((c) => c.then));
    expect(early.map((c) => c.verdict)).toEqual(early.map((c) => c.then.verdict));
  });

  it("is the same bytes for the same seed, under three seconds for all sixteen", () => {
    const options = { draws: 512, seed: 7 };
    const before = process.cpuUsage();
    const first = JSON.stringify(claims(options));
    const spent = process.cpuUsage(before);
    expect((spent.user + spent.system) / 1e6).toBeLessThan(3);
    expect(JSON.stringify(judged.map((c) => judgeClaim(c.id, options)))).toBe(first);
  });

  it("refuses what it cannot judge by name", () => {
    expect(() => claim("7z")).toThrow(/^unknown claim "7z"; nearest: /);
    expect(() => claims({ knownBy: "2025-13-01" })).toThrow("knownBy must be a day as 2025-01-11");
    expect(() => claims({ scenario: { model: "llama-3.1-405b" } })).toThrow("model must have routed experts");
    expect(() => claims({ scenario: { tokensInFlight: 0 } })).toThrow("tokensInFlight must be a positive integer, got 0");
    expect(() => claims({ draws: 0 })).toThrow("draws must be a positive integer");
  });
});
