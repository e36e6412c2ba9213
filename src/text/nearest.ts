import { distance } from "fastest-levenshtein";

/**
 * The known ids closest to one that is not known, for error messages.
 *
 * An id that contains the asked one, or is contained in it, comes first; then by edit distance.
 */
export function nearest(id: string, known: readonly string[], count = 3): readonly string[] {
  const asked = id.toLowerCase();
  const contained = (k: string) => (asked !== "" && (k.includes(asked) || asked.includes(k)) ? 0 : 1);
  return [...known]
    .sort((a, b) => contained(a) - contained(b) || distance(asked, a) - distance(asked, b) || (a < b ? -1 : 1))
    .slice(0, count);
}
