import { claims } from "./claims";
import { articleDay, lastDay, newestDay } from "./known-by";
import type { Verdict } from "./parts/verdict";

/** The verdicts of all claims by what was known at the end of one month. */
export interface Month {
  /** Its last day, or the newest day known. */
  readonly day: string;
  readonly verdicts: readonly { readonly id: string; readonly name: string; readonly verdict: Verdict; readonly score: number }[];
}

/** Where a verdict stands between wrong and right, for a figure: half way for what turns on a word, below all others for what is not known. */
const heights: Readonly<Record<Verdict, number>> = {
  Right: 1,
  "Mostly right": 0.75,
  "Half right": 0.5,
  "Depends on a word": 0.5,
  "Mostly wrong": 0.25,
  Wrong: 0,
  "Not yet": Number.NaN,
};

/**
 * Every claim on the article's day, then at the end of every so many months, then at the newest source.
 *
 * Fewer draws than elsewhere: one part of sixteen claims is drawn at all.
 *
 * @example verdictsByMonth(12)
 */
export function verdictsByMonth(everyMonths = 1): readonly Month[] {
  return daysBetween(everyMonths).map((day) => ({
    day,
    verdicts: claims({ knownBy: day, draws: 256 }).map(({ id, name, verdict }) => ({ id, name, verdict, score: heights[verdict] })),
  }));
}

function daysBetween(everyMonths: number): readonly string[] {
  const days = [articleDay];
  const newest = newestDay();
  for (let month = Number(articleDay.slice(5, 7)) - 1 + everyMonths; ; month += everyMonths) {
    const first = new Date(Date.UTC(Number(articleDay.slice(0, 4)), month, 1));
    const day = lastDay(first.toISOString().slice(0, 7));
    if (day >= newest) return [...days, newest];
    days.push(day);
  }
}
