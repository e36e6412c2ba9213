import { at, type Confidence, oneOf, optionalText, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { formatShare } from "../text/numbers";
import { wasPublished } from "./known-by";
import type { Condition } from "./verdict";

/** One thing that was published and speaks for or against a claim. */
export interface Evidence {
  readonly claim: string;
  readonly stance: "for" | "against";
  /** In our words, with the published numbers. */
  readonly says: string;
  readonly source: string;
  /** Day, month or year of publication. */
  readonly date: string;
  readonly regime: string;
  readonly confidence: Confidence;
  /** The side of the claim it speaks to, where the claim has several; empty otherwise. */
  readonly side: string;
}

let table: readonly Evidence[] | undefined;

/** All rows of data/evidence.csv, in the order of the file. */
export function evidence(): readonly Evidence[] {
  table ??= readEvidence(readRows("evidence.csv"));
  return table;
}

/** The evidence on a claim that was known on a day. */
export function evidenceOn(claim: string, knownBy: string): readonly Evidence[] {
  const key = `${claim} ${knownBy}`;
  if (!remembered.has(key))
    remembered.set(
      key,
      evidence().filter((e) => e.claim === claim && wasPublished(e.date, source(e.source).retrieved, knownBy)),
    );
  return remembered.get(key) as readonly Evidence[];
}

const remembered = new Map<string, readonly Evidence[]>();

/** How much a row counts: one read in the publisher's own text counts four times one at third hand. */
const weights: Readonly<Record<Confidence, number>> = { high: 1, medium: 0.5, low: 0.25 };

/** Share of the evidence for one side of a claim, rows weighted by their confidence; undefined without a row. */
export function shareFor(rows: readonly Evidence[], side: string): number | undefined {
  const own = rows.filter((e) => e.side === side);
  const sum = (kept: readonly Evidence[]) => kept.reduce((a, e) => a + weights[e.confidence], 0);
  return own.length === 0 ? undefined : sum(own.filter((e) => e.stance === "for")) / sum(own);
}

/** Whether more than half of the evidence known on the day says so; nothing where there is none. */
export function sided(claim: string, side: string, condition: string, knownBy: string): readonly Condition[] {
  const rows = evidenceOn(claim, knownBy).filter((e) => e.side === side);
  const share = shareFor(rows, side);
  return share === undefined
    ? []
    : [{ condition, found: `${formatShare(share)} of the weight of ${rows.length} rows of evidence`, holds: share > 0.5 }];
}

/**
 * Turn rows of data/evidence.csv into evidence.
 *
 * @throws Error naming file and line when a cell is missing, a date is no date or the source is unknown.
 */
export function readEvidence(rows: readonly Row[]): readonly Evidence[] {
  return Object.freeze(
    rows.map((row) => {
      const date = text(row, "date");
      if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(date)) throw new Error(`${at(row)}: expected date as 2024-12-26, 2024-12 or 2024; got "${date}"`);
      const id = text(row, "source");
      try {
        source(id);
      } catch (error) {
        throw new Error(`${at(row)}: ${(error as Error).message}`);
      }
      return Object.freeze({
        claim: text(row, "claim"),
        stance: oneOf(row, "stance", ["for", "against"]),
        says: text(row, "says"),
        source: id,
        date,
        regime: text(row, "regime"),
        confidence: oneOf(row, "confidence", ["high", "medium", "low"]),
        side: optionalText(row, "side") ?? "",
      });
    }),
  );
}
