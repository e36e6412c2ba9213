import { formatNumber, formatSeconds, formatShare } from "../text/numbers";

/** A value of a claim as a reader expects it. */
export function valueWords(value: number, unit: string): string {
  if (Number.isNaN(value)) return "not known";
  if (unit === "s") return formatSeconds(value);
  if (unit === "share") return formatShare(value);
  return unit === "ratio" ? formatNumber(value) : `${formatNumber(value)} ${unit}s`;
}

/** A threshold in words: at least 64, at most 256 tokens. */
export function thresholdWords({
  threshold,
  unit,
}: {
  readonly threshold: { readonly atLeast?: number; readonly atMost?: number };
  readonly unit: string;
}): string {
  const { atLeast, atMost } = threshold;
  if (atLeast !== undefined && atMost !== undefined) return `from ${valueWords(atLeast, unit)} to ${valueWords(atMost, unit)}`;
  return atLeast !== undefined ? `at least ${valueWords(atLeast, unit)}` : `at most ${valueWords(atMost as number, unit)}`;
}

/** A probability as a reader expects it: in whole percent, never 0 or 100 unless every draw agrees. */
export function probabilityWords(probability: number): string {
  if (Number.isNaN(probability)) return "–";
  if (probability > 0 && probability < 0.01) return "under 1 %";
  if (probability < 1 && probability > 0.99) return "over 99 %";
  return `${Math.round(probability * 100)} %`;
}
