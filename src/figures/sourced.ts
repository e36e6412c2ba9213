import { source } from "../data/sources";

/** Where marks are from, in one line: who published what and when; more than three are counted. */
export function sourced(marks: string, ids: readonly string[]): string {
  const unique = [...new Set(ids)].map((id) => source(id));
  const named = unique
    .slice(0, 3)
    .map(({ organization, title, published }) => `${organization}, ${title}${published === undefined ? "" : ` (${published})`}`);
  const more = unique.length > 3 ? `; and ${unique.length - 3} more, listed with the sources` : "";
  return `${marks}: ${named.join("; ")}${more}.`;
}
