import { at, oneOf, optionalText, type Row, readRows, text } from "./rows";

/** What a word belongs to, in the order in which the words are shown. */
const topics = ["model", "load", "machine", "network", "model of cost", "judging"] as const;

/** A word of the notebooks with its meaning. */
export interface Term {
  readonly term: string;
  /** Other names of the same thing. */
  readonly also: readonly string[];
  readonly meaning: string;
  readonly topic: (typeof topics)[number];
  /** Number of the notebook in which the word is at home, such as "01". */
  readonly notebook: string;
}

/**
 * The words of the notebooks, each explained once: what it means here, other names of it, and the notebook it is at home in.
 *
 * @throws Error naming file and line for a cell that is missing, and for a word that stands twice.
 * @example
 * glossary().find(({ term }) => term === "tokens in flight")?.meaning;
 */
export function glossary(): readonly Term[] {
  return readGlossary(readRows("glossary.csv"));
}

/**
 * Turn rows of data/glossary.csv into words.
 *
 * @throws Error naming file and line for a cell that is missing, and for a word that stands twice, be it as another name.
 */
export function readGlossary(rows: readonly Row[]): readonly Term[] {
  const seen = new Set<string>();
  return rows.map((row) => {
    const term = text(row, "term");
    const also = (optionalText(row, "also") ?? "").split(";").map((name) => name.trim());
    for (const name of [term, ...also.filter((other) => other !== "")]) {
      if (seen.has(name.toLowerCase())) throw new Error(`${at(row)}: "${name}" stands twice`);
      seen.add(name.toLowerCase());
    }
    return {
      term,
      also: also.filter((name) => name !== ""),
      meaning: text(row, "meaning"),
      topic: oneOf(row, "topic", topics),
      notebook: text(row, "notebook"),
    };
  });
}
