import type { Claim } from "./claims";

/**
 * What stands above each column of a table of evidence, as `evidenceFrame` gives it.
 *
 * @example Object.keys(evidenceColumns)
 */
export const evidenceColumns = {
  claim: "Claim",
  stance: "For or against",
  says: "What was published",
  date: "When",
  by: "By",
} as const;

/**
 * The sources of what speaks for and against claims, each once, in the order of the evidence.
 *
 * @example
 * showSources(["deepshockarticle2025", ...evidenceSources([claim("4")])]);
 */
export function evidenceSources(judged: readonly Pick<Claim, "evidence">[]): readonly string[] {
  return [...new Set(judged.flatMap(({ evidence }) => [...evidence.for, ...evidence.against].map(({ source }) => source)))];
}
