import { describe, expect, it } from "vitest";
import { claims } from "../../src/claims/claims";
import { wordCount } from "../../src/claims/parts/headline";
import { layerDrawing } from "../../src/figures/layer-drawing";
import { argument, frontAnswer, frontErrors, frontFigures, frontLayer, frontWorth, howSure, verdictCounts } from "../../src/front-page";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { formatSeconds } from "../../src/text/numbers";
import { trace } from "../figures/figure-cases";

const judged = claims();
const told = argument({}, judged);

describe("the argument in six sentences", () => {
  it("is six sentences, each ending once", () => {
    expect(told).toHaveLength(6);
    for (const sentence of told) expect(sentence).toMatch(/^[A-Z].*[^.]\.$/);
  });

  it("gives the tokens of an expert: 6,144 × 8 / 384 = 128 and 6,144 × 2 / 8 = 1,536", () => {
    expect(told[1]).toContain("with 6,144 tokens in flight an expert of Kimi-K2 sees 128 tokens, where one of Mixtral-8x22B sees 1,536");
    expect(argument({ model: "deepseek-v3", tokensInFlight: 512 }, judged)[1]).toContain("an expert of DeepSeek-V3 sees 16 tokens");
  });

  it("gives an expert's share of its layer's time, which is less for the finer model", () => {
    const share = (id: string) => {
      const place = { model: model(id), hardware: hardware("h100-sxm"), kernel: "moe_torch_flow_cutlass", weightFormat: "fp8_block" };
      const layer = moeLayerTime({ ...place, tokens: 6144, routing: "even" });
      return layer.seconds / layer.activeExperts;
    };
    const [fine, coarse] = [share("kimi-k2"), share("mixtral-8x22b")];
    expect(fine).toBeLessThan(coarse / 10);
    expect(told[2]).toContain(`from ${formatSeconds(coarse)} to ${formatSeconds(fine)} `);
  });

  it("may say that memory is read in long runs: the share in short ones is under a hundredth without selection", () => {
    const [, dense, sparse] = /: ([\d.]+) % of the bytes.*?, ([\d.]+) % with/.exec(told[3] ?? "") ?? [];
    expect(Number(dense)).toBeLessThan(1);
    expect(Number(sparse)).toBeGreaterThan(Number(dense));
    // One head of 128 keys in BF16, 16 tokens a page: 4,096 bytes.
    expect(16 * 128 * 2).toBe(4096);
    expect(told[3]).toMatch(/pages of 16 tokens of keys or of values, or 64 of latents.* [23]\d % with Llama-3\.1-405B, cut over 8 GPUs/);
  });

  it("counts the verdicts, and names those that read differently than in January 2025", () => {
    expect(told[4]).toContain(`Its ${judged.length} claims come to: `);
    for (const [verdict, count] of verdictCounts(judged)) expect(told[4]).toContain(`${verdict.toLowerCase()} ${count}`);
    expect(told[5]).toContain(`${judged.filter((c) => c.then.verdict === "Not yet").length} of them could not be decided`);
    for (const c of judged) expect(told[5]?.includes(`${c.id} (`), c.id).toBe(c.then.verdict !== "Not yet" && c.then.verdict !== c.verdict);
  });

  it("answers the question in at most twenty words, from the verdicts alone", () => {
    expect(wordCount(frontAnswer())).toBeLessThanOrEqual(20);
    const of = (...verdicts: ("Right" | "Half right" | "Wrong" | "Depends on a word")[]) =>
      frontAnswer(verdicts.map((verdict) => ({ verdict })));
    expect(of("Right", "Right", "Right", "Wrong")).toBe("Yes, mostly: of 4 claims 3 hold, 1 fails.");
    expect(of("Wrong", "Wrong", "Wrong", "Right")).toBe("Mostly not: of 4 claims 1 holds, 3 fail.");
    expect(of("Right", "Half right", "Depends on a word")).toBe("In part: of 3 claims 1 holds, 1 half, 1 turns on a word.");
  });

  it("says what the verdicts rest on: parts by grade, which sum to all that count", () => {
    const [all, ...grades] = [...howSure().matchAll(/\b(\d+)\b/g)].map((m) => Number(m[1]));
    expect(grades.reduce((a, b) => a + b, 0)).toBe(all);
  });

  it("says how far steps are off, and how far two engines are apart that are asked the same", () => {
    const { steps, median, nineOfTen, inBand, engines } = frontErrors();
    expect(steps).toBeGreaterThan(600);
    expect(median).toBeGreaterThan(0);
    expect(median).toBeLessThan(nineOfTen);
    expect(inBand).toBeLessThan(1);
    expect(engines.pairs).toBeGreaterThan(100);
    expect(engines.median).toBeGreaterThan(0);
  });

  it("refuses a model that is not known, with the nearest names", () => {
    expect(() => argument({ model: "kimi-k3000" }, judged)).toThrow(/kimi-k/);
  });
});

describe("the strip of three figures", () => {
  const [tokens, tasks, accesses] = frontFigures();

  it("draws the tokens of an expert as bars, a dense layer seeing all of them", () => {
    expect(trace(tokens, "tokens").x).toEqual([6144, 1536, 192, 128]);
    expect(tokens.alt).toContain("Kimi-K2 128");
  });

  it("draws shares of a step's time that sum to a hundred, the experts apart in shorter tasks than together", () => {
    const means = tasks.data.map((set) => {
      const shares = set.y as readonly number[];
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 6);
      return shares.reduce((sum, share, decade) => sum + share * decade, 0);
    });
    expect(means).toHaveLength(3);
    expect(means[2]).toBeLessThan(means[1] as number);
  });

  it("draws the bytes by run length up to all of them, and shades the article's 64 B to 16 KiB", () => {
    for (const { y } of accesses.data) expect((y as readonly number[]).at(-1)).toBeCloseTo(100, 6);
    expect(accesses.layout.shapes).toMatchObject([{ x0: 64, x1: 16_384 }]);
  });

  it("has for each a caption and words that carry its numbers", () => {
    for (const { caption, alt } of [tokens, tasks, accesses]) for (const words of [caption, alt]) expect(words).toMatch(/\d.*\.$/);
  });
});

describe("what gained and lost worth", () => {
  it("gives each model's shares of a hundred, and names what moved by two in a hundred and more", () => {
    const { title, bars, setting } = frontWorth();
    expect(bars.map(({ name }) => name)).toEqual(["Llama-3.1-405B", "Mixtral-8x22B", "DeepSeek-V3", "Kimi-K2"]);
    for (const { shares } of bars) expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBeCloseTo(100, 0);
    const shareOf = (i: number, part: string) => bars.at(i)?.shares.find(({ words }) => words === part)?.percent ?? Number.NaN;
    const [gained = "", lost = ""] = title.split("; lost: ");
    for (const { words } of bars[0]?.shares ?? []) {
      const by = shareOf(-1, words) - shareOf(0, words);
      // Shares on the page sum to a hundred, those of the sentence may miss a little at corners.
      if (Math.abs(by) > 3) expect((by > 0 ? gained : lost).includes(`${words} (`), words).toBe(true);
      if (Math.abs(by) < 1) expect(title.includes(`${words} (`), words).toBe(false);
    }
    expect(setting).toContain("H100 SXM");
  });
});

describe("the drawing of a layer", () => {
  it("bears the sizes of DeepSeek-V3: 6,144 × 8 / 256 = 192 tokens at an expert of 3 × 7,168 × 2,048 = 44 million", () => {
    const { svg, title, caption } = frontLayer();
    for (const words of ["7,168 numbers wide", "scores 256 experts, takes 8", "192 tokens at each", "44 million", "1 shared expert"])
      expect(svg).toContain(words);
    expect(svg.match(/class="expert chosen"/g)).toHaveLength(8);
    expect(title).toContain("8 of 256 experts see each token, so each sees 192 of 6,144");
    expect(caption).toContain("58 of the 61 layers");
  });

  it("draws a model without a shared expert without one, and refuses one without experts", () => {
    expect(layerDrawing(model("mixtral-8x22b"), 6144).svg).not.toContain("shared expert");
    expect(() => layerDrawing(model("llama-3.1-405b"), 6144)).toThrow("has no experts to draw");
  });
});
