import { at, lookedUp, oneOf, type Row, readRows, text } from "../data/rows";
import { source } from "../data/sources";
import { wasPublished } from "./known-by";
import type { Grade } from "./parts/kinds";

/** One thing that was published and speaks for or against a part of a claim. */
export interface Evidence {
  readonly claim: string;
  /** Id of the part. */
  readonly part: string;
  readonly stance: "for" | "against";
  /** In our words, with the published numbers: what the source states and no more. */
  readonly says: string;
  readonly source: string;
  /** Day, month or year of publication. */
  readonly date: string;
  readonly regime: string;
  /** A measured by others than the makers, B by the makers, C second hand or press, D unverified or a model only. */
  readonly grade: Grade;
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

/**
 * Turn rows of data/evidence.csv into evidence.
 *
 * @throws Error naming file and line when a cell is missing, a date is no date, the source is unknown or the part is of another claim.
 */
export function readEvidence(rows: readonly Row[]): readonly Evidence[] {
  return Object.freeze(
    rows.map((row) => {
      const date = text(row, "date");
      if (!/^\d{4}(-\d\d(-\d\d)?)?$/.test(date)) throw new Error(`${at(row)}: expected date as 2024-12-26, 2024-12 or 2024; got "${date}"`);
      const [claim, part] = [text(row, "claim"), text(row, "part")];
      if (!part.startsWith(`${claim}.`)) throw new Error(`${at(row)}: expected a part of the claim ${claim}, got "${part}"`);
      return Object.freeze({
        claim,
        part,
        stance: oneOf(row, "stance", ["for", "against"]),
        says: text(row, "says"),
        source: lookedUp(row, "source", source).id,
        date,
        regime: text(row, "regime"),
        grade: oneOf(row, "grade", ["A", "B", "C", "D"]),
      });
    }),
  );
}
