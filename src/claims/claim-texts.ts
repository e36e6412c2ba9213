import { at, type Row, readRows, text } from "../data/rows";
import { nearest } from "../text/nearest";
import { rules } from "./rules/all-rules";

/** Words and notebook of a claim: a row of data/claims.csv. */
export interface ClaimText {
  readonly id: string;
  /** A few words for figures and lists. */
  readonly name: string;
  readonly statement: string;
  readonly regime: string;
  /** File name without its ending. */
  readonly notebook: string;
  readonly whatWouldChangeIt: string;
  /** The mechanism behind what it comes to, in a sentence. */
  readonly why: string;
}

let texts: readonly ClaimText[] | undefined;

/** All rows of data/claims.csv. */
export function claimTexts(): readonly ClaimText[] {
  texts ??= readClaimTexts(
    readRows("claims.csv"),
    rules.map((r) => r.id),
  );
  return texts;
}

/** The words of one claim. @throws RangeError naming the nearest ids when there is no such claim. */
export function claimText(id: string): ClaimText {
  const all = claimTexts();
  const found = all.find((words) => words.id === id);
  if (found !== undefined) return found;
  const near = nearest(
    id,
    all.map((words) => words.id),
  );
  throw new RangeError(`unknown claim "${id}"; nearest: ${near.join(", ")}`);
}

/**
 * Turn rows of data/claims.csv into the words of claims.
 *
 * @throws Error naming file and line when a claim has no rule or stands twice.
 */
export function readClaimTexts(rows: readonly Row[], ruleIds: readonly string[]): readonly ClaimText[] {
  const seen = new Set<string>();
  return Object.freeze(
    rows.map((row) => {
      const id = text(row, "id");
      if (!ruleIds.includes(id))
        throw new Error(`${at(row)}: no rule computes the claim "${id}"; nearest: ${nearest(id, ruleIds).join(", ")}`);
      if (seen.has(id)) throw new Error(`${at(row)}: the claim "${id}" stands twice`);
      seen.add(id);
      const [name, statement, regime, notebook, whatWouldChangeIt, why] = columns.map((column) => text(row, column)) as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return Object.freeze({ id, name, statement, regime, notebook, whatWouldChangeIt, why });
    }),
  );
}

const columns = ["name", "statement", "regime", "notebook", "whatWouldChangeIt", "why"] as const;
