/**
 * Markdown that a notebook shows, without what it could run: no HTML, and no link but to the web, a page beside or a place in
 * it. Formulas, emphasis and code stay; a `<` before a space or a number does, too.
 */
export function markdownOnly(markdown: string): string {
  return markdown
    .replace(/<(?=[\p{L}/!?])/gu, "&lt;")
    .replace(/\]\(\s*(?!https?:\/\/|#|\.{0,2}\/?[\w-][\w./-]*(?:[#)\s]|$))[^)\s]*/giu, "](#")
    .replace(/^(\s{0,3}\[[^\]\n]*\]:\s*)(?!https?:\/\/|#)\S+/gimu, "$1#");
}
