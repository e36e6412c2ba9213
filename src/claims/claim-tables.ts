import { setUpClassWords } from "../published/deployments";
import { formatNumber } from "../text/numbers";
import { type Claim, claims } from "./claims";
import type { Part } from "./parts/part";
import { probabilityWords, resultWords, thresholdWords, valueWords } from "./parts/part-words";
import { countedParts } from "./parts/verdict";

/** One row of a table of parts, ready to be shown. */
export type PartRow = {
  readonly part: string;
  readonly statement: string;
  readonly stance: string;
  readonly scope: string;
  readonly holdsIf: string;
  readonly found: string;
  readonly probability: string;
  readonly words: string;
  readonly grade: string;
  readonly counts: string;
};

/**
 * The parts of claims as rows; a part that can be read in more than one way has a row for each reading below its own.
 *
 * @example partRows([claim("0a")])
 */
export function partRows(judged: readonly Pick<Claim, "parts">[]): readonly PartRow[] {
  return judged.flatMap(({ parts }) => {
    const weights = new Map(countedParts(parts).map(({ part, weight }) => [part.id, weight]));
    return parts.flatMap((part) => [
      rowOf(part, weights.get(part.id)),
      ...(part.readings ?? []).map(
        (r): PartRow => ({
          ...rowOf(part, undefined),
          part: "",
          statement: `read as ${r.name}`,
          stance: "",
          scope: "",
          holdsIf: "",
          found: r.found,
          probability: probabilityWords(r.probability),
          words: resultWords(r),
          grade: "",
          counts: "",
        }),
      ),
    ]);
  });
}

/**
 * What stands above each column of a table of parts.
 *
 * @example Object.values(partColumns)
 */
export const partColumns: Readonly<Record<Exclude<keyof PartRow, "scope">, string>> = {
  part: "Part",
  statement: "In our words",
  stance: "The author",
  holdsIf: "Holds if (thresholds are ours)",
  found: "Found",
  probability: "Share",
  words: "So",
  grade: "Grade",
  counts: "Counts",
};

/**
 * The answer of a notebook: the headline and the verdict of each of its claims.
 *
 * @example inShort([claim("0a")])
 */
export function inShort(judged: readonly Claim[]): string {
  return judged.map((c) => `${c.headline} Claim ${c.id}: **${c.verdict.toLowerCase()}**.`).join("\n");
}

/**
 * What a verdict cell prints: the line that a report takes its badge from, then and now, and what would change it.
 *
 * @example verdictText([claim("0a")])
 */
export function verdictText(judged: readonly Claim[]): string {
  return judged
    .map(
      (c) =>
        `**Claim ${c.id} (${c.name.replace(/\?$/, "")}): ${c.verdict}.** ${c.headline} In January 2025: *${c.then.verdict.toLowerCase()}*. What would change it: ${c.whatWouldChangeIt}.`,
    )
    .join("\n\n");
}

/** A part with what it weighs in the verdict, nothing where the verdict does not count it. */
function rowOf(part: Part, weight: number | undefined): PartRow {
  return {
    part: part.id,
    statement: part.statement,
    // A finding of ours: he neither claims nor asks for it.
    stance: part.stress === 0 && part.words !== "does not apply" ? "does not say" : part.stance,
    scope: part.scope,
    holdsIf: `${part.quantity}: ${thresholdWords(part)}`,
    found: part.readings === undefined ? part.found : "see its readings",
    probability: part.kind === "fact" || part.kind === "definition" ? "–" : probabilityWords(part.probability),
    words: resultWords(part),
    grade: part.grade,
    counts: weight === undefined ? "no" : formatNumber(weight),
  };
}

/**
 * The classes of a part's population as rows: how many set-ups, the share that holds, the median and the tails.
 *
 * @example claim("0a").parts.flatMap((part) => (part.population === undefined ? [] : classRows(part)))
 */
export function classRows({ population, unit }: Part): readonly Readonly<Record<string, string | number>>[] {
  return (population?.classes ?? []).map((k) => ({
    class: setUpClassWords(k.name),
    count: k.count,
    weight: k.weight,
    share: probabilityWords(k.share),
    low: valueWords(k.low, unit),
    median: valueWords(k.median, unit),
    high: valueWords(k.high, unit),
  }));
}

/** How the verdict table names notebooks. */
export interface VerdictTableOptions {
  /** Address of a notebook by its name; none leaves the name bare. */
  readonly address?: (notebook: string) => string;
}

/** The verdict table in Markdown: one row per claim, generated for README. Parts and numbers are in the notebook of the verdicts. */
export function verdictTable({ address = (notebook) => `notebooks/${notebook}.ipynb` }: VerdictTableOptions = {}): string {
  const head = ["Claim", "In our words", "Verdict", "Why", "In January 2025", "Notebook"];
  const rows = claims().map((c) => [
    c.id,
    c.statement,
    `**${c.verdict}**`,
    c.headline,
    c.then.verdict,
    `[${c.notebook.slice(0, 2)}](${address(c.notebook)})`,
  ]);
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}
