import { formatCount, formatNumber, formatSeconds, formatShare, printedNumber } from "../../text/numbers";
import { type Counted, verdictScore } from "./verdict";

/** Where the IPCC's words for a probability begin: from this on, the word holds. */
const scale = [
  [0.99, "virtually certain"],
  [0.9, "very likely"],
  [0.66, "likely"],
  [0.33, "about as likely as not"],
  [0.1, "unlikely"],
  [0.01, "very unlikely"],
] as const;

/** From this probability on a part counts as right, and below its complement as wrong: the IPCC's likely and unlikely. */
export const likely = 0.66;

/** Below this a part counts as wrong. */
export const unlikely = 0.33;

/**
 * The IPCC's word for a probability.
 *
 *     virtually certain >= 99 %, very likely >= 90, likely >= 66, about as likely as not 33 to 66, unlikely < 33,
 *     very unlikely < 10, exceptionally unlikely < 1
 *
 * @throws RangeError unless it lies between 0 and 1.
 * @source Mastrandrea et al. (2010), Guidance note for lead authors of the IPCC fifth assessment report
 */
export function likelihoodWords(probability: number): string {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`probability must be between 0 and 1, got ${String(probability)}`);
  return scale.find(([from]) => probability >= from)?.[1] ?? "exceptionally unlikely";
}

/** Words for a share of a population, with the same borders as the words for a probability. */
const shareScale = [
  [1, "in all"],
  [0.9, "in nearly all"],
  [likely, "in most"],
  [unlikely, "in about half"],
  [0.1, "in few"],
] as const;

/**
 * In how many members of a population a statement holds, in words: a share is counted, so that nothing about it is likely or not.
 *
 *     in all 100 %, in nearly all >= 90 %, in most >= 66, in about half 33 to 66, in few < 33, in very few < 10, in none 0
 *
 * @throws RangeError unless it lies between 0 and 1.
 * @example shareWords(0.77) // "in most"
 */
export function shareWords(share: number): string {
  if (!(share >= 0 && share <= 1)) throw new RangeError(`share must be between 0 and 1, got ${String(share)}`);
  return shareScale.find(([from]) => share >= from)?.[1] ?? (share > 0 ? "in very few" : "in none");
}

/** What a part or a reading came to, as tables say it: of a population in how many of its members, else the part's own words. */
export function resultWords({ words, probability, population }: Result): string {
  return probability === undefined || population === undefined ? words : shareWords(probability);
}

interface Result {
  readonly words: string;
  readonly probability?: number;
  readonly population?: unknown;
}

/** A value of a part as a reader expects it. */
export function valueWords(value: number, unit: string): string {
  if (Number.isNaN(value)) return "not known";
  if (unit === "s") return formatSeconds(value);
  if (unit === "share") return formatShare(value);
  if (unit === "B") return `${formatCount(Math.round(value))} B`;
  if (unit === "ratio") return value > 0 && value < 0.001 ? "less than 0.001" : formatNumber(value);
  if (unit === "year") return String(value);
  const many = value >= 1e9 ? `${formatNumber(value / 1e9)} billion` : formatNumber(value);
  return `${many} ${unit}${value === 1 ? "" : "s"}`;
}

/** A value of a part as valueWords writes it, in its base unit again: 10.04 µs are 10 µs. */
export function asPrinted(value: number, unit: string): number {
  if (unit === "year" || !Number.isFinite(value)) return value;
  if (unit === "B") return Math.round(value);
  return unit === "share" ? printedNumber(100 * value, 2) / 100 : printedNumber(value);
}

/**
 * Whether values of a unit lie within bounds, each as it is printed: what a reader sees decides, not a digit behind it.
 *
 * @example meets("s", { atMost: 1e-5 })(1.0004e-5) // true: both are printed as 10 µs
 */
export function meets(unit: string, bounds: Bounds): (value: number) => boolean {
  const printed = {
    atLeast: asPrinted(bounds.atLeast ?? Number.NEGATIVE_INFINITY, unit),
    atMost: asPrinted(bounds.atMost ?? Number.POSITIVE_INFINITY, unit),
  };
  return (value) => within(asPrinted(value, unit), printed);
}

/** A threshold in words: from 64 to 256 tokens; one value where both ends are the same. */
export function thresholdWords({
  threshold: { atLeast, atMost },
  unit,
}: {
  readonly threshold: { readonly atLeast?: number; readonly atMost?: number };
  readonly unit: string;
}): string {
  if (atLeast !== undefined && atLeast === atMost) return `exactly ${valueWords(atLeast, unit)}`;
  if (atLeast !== undefined && atMost !== undefined) return `from ${valueWords(atLeast, unit)} to ${valueWords(atMost, unit)}`;
  return atLeast !== undefined ? `at least ${valueWords(atLeast, unit)}` : `at most ${valueWords(atMost as number, unit)}`;
}

/** Whether a value lies within a threshold. */
export function within(value: number, { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Bounds): boolean {
  return value >= atLeast && value <= atMost;
}

interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * A probability as a reader expects it: in whole percent, never 0 or 100 unless all agree, and with more digits where rounding would
 * bring it over a border between words: 65.6 % is not yet likely.
 *
 * @example probabilityWords(0.97) // "97 %"
 */
export function probabilityWords(probability: number | undefined): string {
  if (probability === undefined || Number.isNaN(probability)) return "–";
  if (probability > 0 && probability < 0.01) return "under 1 %";
  if (probability > 0.99 && probability < 1) return "over 99 %";
  return `${percentOf(probability, 0)} %`;
}

/** Percent with as many digits as leave it on its side of the borders between words, and of a half. */
function percentOf(probability: number, digits: number): number {
  const printed = Number((100 * probability).toFixed(digits));
  const crosses = borders.some((border) => probability >= border !== printed / 100 >= border);
  return crosses && digits < mostDigits ? percentOf(probability, digits + 1) : printed;
}

const borders = [...scale.map(([from]) => from), 0.5];
const mostDigits = 3;

/**
 * The score of a claim as a reader expects it: two digits, both where readings disagree, a dash where it is not known yet.
 *
 * @example scoreWords(claim("3").parts) // "0.40"
 */
export function scoreWords(parts: readonly Counted[]): string {
  const score = verdictScore(parts);
  if (score === undefined) return "–";
  const [worst, best] = [score.worst.toFixed(2), score.best.toFixed(2)];
  return worst === best ? worst : `${worst} to ${best}`;
}
