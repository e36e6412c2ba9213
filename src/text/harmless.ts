/** Most letters of a text from outside that stands in sentences, captions and file names. */
const mostLetters = 48;

/** Control, format and unassigned characters, separators of lines and paragraphs; marks beyond two on a letter are cut below. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** What could be markup in HTML or Markdown, or end a text in code. */
const markup = /[<>&\\`[\](){}"'|*_~#$%^;=!]/gu;

/** More than two marks on one letter reach into the lines above and below. */
const piledMarks = /(\p{M}{2})\p{M}+/gu;

/** Marks that names of models carry: an underline between letters is kept. */
const innerUnderline = /(?<=[\p{L}\p{N}])_(?=[\p{L}\p{N}])/gu;

/**
 * A text from a file or a link, made harmless: it can end no comment and no text in code, turn no direction of reading, and be no
 * markup. Letters and digits of every script are kept, with spaces, full stops, commas, dashes, slashes, colons, plus signs and
 * underlines between letters; at most 48 letters.
 *
 * @example harmless("x<img src=q>") // "x img src q"
 */
export function harmless(text: string): string {
  const kept = text
    .slice(0, 20 * mostLetters)
    .normalize("NFC")
    .replace(unseen, " ")
    .replace(innerUnderline, "\u{F0000}")
    .replace(markup, " ")
    .replace(/\u{F0000}/gu, "_")
    .replace(piledMarks, "$1")
    .replace(/\s+/gu, " ")
    .trim();
  return [...kept].slice(0, mostLetters).join("").trim();
}
