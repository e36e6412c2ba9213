import { describe, expect, it } from "vitest";
import { chineseAnswer, chineseClaims, chineseVerdictsText, chineseVerdictTable, claims, type Verdict, verdictsText } from "../../src";
import { chineseParts } from "../../src/claims/chinese/chinese-parts";

const scenarios = [{}, { model: "mixtral-8x22b" }, { model: "gpt-oss-120b" }, { hardware: "h20" }, { hardware: "gb200" }];
/** Numbers as either language sets them, in rising order; years and sizes of names included. */
const numbersOf = (text: string) => (text.match(/\d[\d,.]*/g) ?? []).map((n) => n.replaceAll(",", "").replace(/\.$/, "")).sort();

describe("the Chinese edition", () => {
  it("has words for every claim and every part, and none for parts that no claim has", () => {
    const judged = claims();
    const parts = judged.flatMap((c) => c.parts.map((p) => p.id)).sort();
    expect(Object.keys(chineseParts).sort()).toEqual(parts);
    expect(chineseClaims(judged).map((c) => c.id)).toEqual(judged.map((c) => c.id));
  });

  it.each(scenarios)("says what the English edition says, with the same numbers: %j", (scenario) => {
    const judged = claims({ scenario });
    for (const [i, own] of chineseClaims(judged).entries()) {
      const english = judged[i];
      expect(own.headline.split("；").length, own.id).toBe(english?.headline.split("; ").length);
      // "One maker" and "no set-up" are words in English alone; a shrink of n is "1/n" in Chinese.
      const [ours, theirs] = [numbersOf(own.headline), numbersOf(english?.headline ?? "")];
      for (const number of theirs) expect(ours, `${own.id}: ${own.headline} | ${english?.headline}`).toContain(number);
      expect(own.headline).not.toMatch(/NaN|undefined|[a-z]{4,} [a-z]{4,}/);
    }
  });

  it("answers by the counts of the verdicts", () => {
    const of = (verdicts: readonly Verdict[]) => verdicts.map((verdict) => ({ verdict }));
    expect(chineseAnswer(of(["Right", "Mostly right", "Half right", "Wrong"]))).toBe(
      "部分是：4 条论断中 2 条成立，1 条对一半，1 条不成立。",
    );
    expect(chineseAnswer(of(["Right", "Right", "Right"]))).toBe("大体是：3 条论断中 3 条成立。");
    expect(chineseAnswer(of(["Wrong", "Wrong", "Wrong", "Not yet"]))).toBe("大体不是：4 条论断中 0 条成立，3 条不成立，1 条尚无定论。");
  });

  it("says how far to trust the verdicts with the numbers and ids of the English edition", () => {
    expect(numbersOf(chineseVerdictsText())).toEqual(numbersOf(verdictsText()));
  });

  it("gives a table of one row for each claim, each linked to its notebook", () => {
    const rows = chineseVerdictTable().split("\n");
    expect(rows).toHaveLength(2 + claims().length);
    for (const row of rows.slice(2)) expect(row).toMatch(/\[\d\d\]\(notebooks\/\d\d-[a-z-]+\.ipynb\) \|$/);
  });
});
