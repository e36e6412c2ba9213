import type { Part } from "./part";
import { countedParts, type Verdict } from "./verdict";

/** A headline has no more words than this. */
export const mostWords = 25;

/**
 * What a claim comes to in one line of at most 25 words, built from what its parts say.
 *
 * The parts that count come first, those with more stress before others; the first right and the first wrong one are always in it, so
 * that a mixed verdict says which half. Findings that do not count follow where they fit. The clauses then stand in the order of the parts.
 */
export function headlineOf(parts: readonly Part[], say: (part: Part) => string, verdict: Verdict): string {
  const line = headlineParts(parts, say, verdict).map(say).join("; ");
  return line === "" ? "Nothing that was published decides it yet." : `${capital(line)}.`;
}

/** The parts whose clauses make up a headline, in the order of the parts: an edition in another language says the same ones. */
export function headlineParts(parts: readonly Part[], say: (part: Part) => string, verdict: Verdict): readonly Part[] {
  const shown = parts.filter((p) => verdict === "Not yet" || p.outcome !== "pending");
  return chosenOf(shown, (part) => (Number.isNaN(part.value) ? "" : say(part)));
}

function chosenOf(parts: readonly Part[], say: (part: Part) => string): readonly Part[] {
  const counted = countedParts(parts).map(({ part }) => part);
  const order = [...counted].sort((a, b) => b.stress - a.stress);
  const first = (outcome: Part["outcome"]) => order.filter((p) => p.outcome === outcome).slice(0, 1);
  const musts = [...first("depends"), ...first("right"), ...first("wrong")];
  const rest = [...order, ...parts.filter((p) => !counted.includes(p))];
  const chosen = new Set<Part>();
  let words = 0;
  for (const part of new Set([...musts, ...rest])) {
    const length = wordCount(say(part));
    if (length === 0 || words + length > mostWords) continue;
    words += length;
    chosen.add(part);
  }
  return parts.filter((part) => chosen.has(part));
}

/** Words of a text as a reader counts them: a number and its unit are two. */
export function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}%]/u.test(word)).length;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
