import { describe, expect, it } from "vitest";
import { claims } from "../../src/claims/claims";
import { verdictsByMonth } from "../../src/claims/history";
import { brierScore, judgements, ownForecasts, readForecasts, readJudgements, resolvedParts } from "../../src/claims/score";
import { parseRows } from "../../src/data/rows";

describe("the author's score", () => {
  it("is the mean squared distance: 0.8 against 1 and 0 give 0.04 and 0.64", () => {
    const of = (outcome: number, stated = 0.8) => ({
      part: "x",
      statement: "",
      stated,
      outcome,
      author: (stated - outcome) ** 2,
      noChange: (1 - stated - outcome) ** 2,
    });
    expect(brierScore([of(1), of(0)]).author).toBeCloseTo(0.34, 12);
    expect(brierScore([of(1), of(0)]).noChange).toBeCloseTo(0.34, 12);
    expect(brierScore([of(1)]).author).toBeCloseTo(0.04, 12);
  });

  it("leaves out questions, retractions, arithmetic, findings of ours and what depends on a word", () => {
    const ids = resolvedParts().map((r) => r.part);
    for (const id of ["0a.arithmetic", "0b.task", "0a.training", "6a.semantics", "7a.wider", "9.rare"]) expect(ids, id).not.toContain(id);
    expect(ids.length).toBeGreaterThanOrEqual(15);
    expect(brierScore(resolvedParts()).author).toBeLessThan(1);
  });
});

describe("the ledger", () => {
  it("holds today's judgement last, as the claims give it (npm run judge appends it)", () => {
    expect(
      judgements()
        .slice(-16)
        .map((j) => [j.claim, j.verdict]),
    ).toEqual(claims().map((c) => [c.id, c.verdict]));
  });

  it("keeps what was judged before, and refuses a day out of order", () => {
    expect(judgements().some((j) => j.version === "1.1.0" && j.verdict === "supported within bounds")).toBe(true);
    const rows = parseRows("judgements.csv", "date,version,claim,verdict,headline\n2026-02-01,2,1,Wrong,x\n2026-01-01,2,1,Wrong,x\n");
    expect(() => readJudgements(rows)).toThrow("judgements.csv:3: expected a day not before 2026-02-01");
  });
});

describe("forecasts of ours", () => {
  it("are ten and more, frozen with a band, a day and a rule", () => {
    expect(ownForecasts().length).toBeGreaterThanOrEqual(10);
    expect(new Set(ownForecasts().map((f) => f.id)).size).toBe(ownForecasts().length);
  });

  it("refuse a band upside down and a status that does not follow", () => {
    const head = "id,frozen,resolves,quantity,unit,low,high,probability,rule,reason,source,outcome,status\n";
    const read = (row: string) => readForecasts(parseRows("forecasts.csv", head + row));
    expect(() => read("a,2026-01-01,2027-01-01,q,u,2,1,0.8,r,r,estimate,,open\n")).toThrow(
      "forecasts.csv:2: expected low < high, got 2 and 1",
    );
    expect(() => read("a,2026-01-01,2027-01-01,q,u,1,2,0.8,r,r,estimate,1.5,missed\n")).toThrow("expected the status held, got missed");
  });
});

it("verdicts by month begin on the article's day and end with today's", () => {
  const months = verdictsByMonth(6);
  expect(months[0]?.day).toBe("2025-01-11");
  expect(months.at(-1)?.verdicts.map((v) => v.verdict)).toEqual(claims().map((c) => c.verdict));
});
