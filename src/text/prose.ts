import { cellText } from "./table";

/** What a sentence can hold: a text as it is, or a number, which is written as a table writes it. */
export type Said = string | number;

/**
 * Text from lines as they are read best in code: one sentence a line, joined to paragraphs.
 *
 * The lines of a paragraph are joined by a space and lose their indentation; an empty line parts paragraphs, and a line that
 * begins with a dash or a number and a point stays an item of a list. A value is put in as it is, lines and all; a number is
 * written with three significant digits, a whole one with all of its own.
 *
 * @example
 * text`
 *   The mean expert sees ${192} tokens.
 *   The busiest sees ${1.2136} times as many.
 * `; // "The mean expert sees 192 tokens. The busiest sees 1.21 times as many."
 */
export function text(lines: TemplateStringsArray, ...values: readonly Said[]): string {
  const template = lines.reduce((whole, piece, i) => `${whole}${mark(i - 1)}${piece}`);
  return template
    .trim()
    .split(/\n[^\S\n]*\n\s*/)
    .map((paragraph) =>
      paragraph
        .trim()
        .replace(/\s*\n\s*(?=(?:- |\d+\. ))/g, "\n")
        .replace(/[^\S\n]*\n(?!- |\d+\. )\s*/g, " "),
    )
    .join("\n\n")
    .replace(marks, (_, i: string) => said(values[Number(i)] as Said));
}

const said = (value: Said): string => (typeof value === "number" ? cellText(value, 3) : value);

/** Characters for private use hold a value's place, so that its own lines are not taken for the template's. */
const mark = (i: number): string => `\uE000${i}\uE001`;
const marks = /\uE000(\d+)\uE001/g;
