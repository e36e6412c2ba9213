import { probabilityWords, thresholdWords, valueWords } from "./claim-words";
import { articleDay, type Claim, claims } from "./claims";

/** A claim judged by what was known when the article came out, and by all that is known now. */
export interface ThenAndNow {
  readonly atArticle: Claim;
  readonly now: Claim;
}

/** Every claim judged twice, by what was known on the article's day and at the newest source. */
export function thenAndNow(): readonly ThenAndNow[] {
  const early = claims({ knownBy: articleDay });
  return claims().map((now, i) => ({ atArticle: early[i] as Claim, now }));
}

/** How the verdict table names notebooks. */
export interface VerdictTableOptions {
  /** Address of a notebook by its name; none leaves the name bare. */
  readonly address?: (notebook: string) => string;
}

/**
 * The verdict table in Markdown: one row a claim, generated for README and the front page.
 *
 * The probability is the share of draws for which the quantity stays within its threshold.
 */
export function verdictTable({ address = (notebook) => `notebooks/${notebook}.ipynb` }: VerdictTableOptions = {}): string {
  const head = ["Claim", "In our words", "Regime", "Holds if", "Probability", "Verdict", "In January 2025", "Notebook"];
  const rows = thenAndNow().map(({ atArticle, now }) => [
    now.id,
    now.statement,
    now.regime,
    `${now.quantity}: ${thresholdWords(now)}`,
    probabilityWords(now.probability),
    `**${now.verdict}**`,
    atArticle.verdict,
    link(now.notebook, address),
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

/** The band of a claim's quantity in words. */
export function bandWords({ band, unit }: Pick<Claim, "band" | "unit">): string {
  return Number.isNaN(band.low) ? "–" : `${valueWords(band.low, unit)} to ${valueWords(band.high, unit)}`;
}

function link(notebook: string, address: (notebook: string) => string): string {
  return `[${notebook.slice(0, 2)}](${address(notebook)})`;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
