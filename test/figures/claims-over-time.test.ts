import { describe, expect, it } from "vitest";
import type { Month } from "../../src/claims/history";
import type { Verdict } from "../../src/claims/parts/verdict";
import { claimsOverTimeFigure } from "../../src/figures/claims-over-time";

const month = (day: string, verdicts: readonly Verdict[]): Month => ({
  day,
  verdicts: verdicts.map((verdict, i) => ({ id: String(i + 1), name: `claim ${i + 1}`, verdict, score: 0 })),
});

describe("claims over time", () => {
  const first = month("2025-01-11", ["Right", "Right", "Wrong"]);

  it("tells verdicts that differ from those that moved and came back", () => {
    const { title, caption, alt } = claimsOverTimeFigure([
      first,
      month("2025-02-28", ["Half right", "Right", "Wrong"]),
      month("2025-03-31", ["Right", "Mostly right", "Wrong"]),
    ]);
    expect(title).toBe("1 of 3 verdicts differ from those of the article's day; 1 more moved and came back");
    for (const said of [caption, alt]) expect(said).toContain("What differs: claim 2 from right to mostly right. Moved and came back: 1.");
  });

  it("says nothing of returns where there were none", () => {
    const { title, alt } = claimsOverTimeFigure([first, month("2025-02-28", ["Right", "Right", "Wrong"])]);
    expect(title).toBe("0 of 3 verdicts differ from those of the article's day");
    expect(alt).toBe(`${title}.`);
  });
});
