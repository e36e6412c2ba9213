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

/** Of a family with many ids the first are named, the others counted. */
const mostNamed = 12;

/**
 * What to say of an id that is not known: the ids that begin with it, where it is the short name of a family; else the nearest.
 *
 * @example unknownWords("hardware", "h100", ["h100-sxm", "h20"]) // 'unknown hardware "h100"; nearest: h100-sxm'
 */
export function unknownWords(what: string, id: string, known: readonly string[]): string {
  return `unknown ${what} "${id}"; ${nearWords(id, known)}`;
}

/**
 * The ids that a reader may have meant, with the words before them: those that begin with what was asked for, else the nearest.
 *
 * @example nearWords("deepsek", ["deepseek-v3", "kimi-k2"]) // "nearest: deepseek-v3, kimi-k2"
 */
export function nearWords(id: string, known: readonly string[]): string {
  const asked = id.trim().toLowerCase();
  const family = asked.length < 2 ? [] : [...new Set(known)].filter((k) => k.toLowerCase().startsWith(asked));
  if (family.length === 0) return `nearest: ${nearest(id, known).join(", ")}`;
  const named = nearest(asked, family, mostNamed);
  const more = family.length > named.length ? ` and ${family.length - named.length} more` : "";
  return `nearest: ${named.join(", ")}${more}`;
}
